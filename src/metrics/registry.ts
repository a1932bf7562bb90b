/** The instruments of the table, made for one host. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { COUNTERS, GAUGES, HISTOGRAMS } from "./table.ts";

type Made<Table, Instrument> = { [Name in keyof Table]: Instrument };
export type Instruments = {
  registry: Registry;
  counters: Made<typeof COUNTERS, Counter>;
  gauges: Made<typeof GAUGES, Gauge>;
  histograms: Made<typeof HISTOGRAMS, Histogram>;
};

export function makeInstruments(): Instruments {
  const registry = new Registry();
  const registers = [registry];
  return {
    registry,
    counters: make(COUNTERS, (name, definition) => new Counter({ name, ...optionsOf(definition), registers })),
    gauges: make(GAUGES, (name, definition) => new Gauge({ name, ...optionsOf(definition), registers })),
    histograms: make(
      HISTOGRAMS,
      (name, definition) => new Histogram({ name, ...optionsOf(definition), buckets: [...definition.buckets], registers }),
    ),
  };
}

function make<Table extends object, Instrument>(
  table: Table,
  instrument: (name: string, definition: Table[keyof Table]) => Instrument,
): Made<Table, Instrument> {
  // The keys are those of the table, which Object.entries does not know.
  return Object.fromEntries(Object.entries(table).map(([name, definition]) => [name, instrument(name, definition)])) as Made<
    Table,
    Instrument
  >;
}

const optionsOf = ({ help, labels = [] }: { help: string; labels?: readonly string[] }) => ({ help, labelNames: labels });

/** Gauges with a counter's ending, which `promtool check metrics` complains of; each is the sum of another metric. */
const MISNAMED = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** What the process tells of itself: event loop, memory, collector, handles. */
let ofProcess: Registry | undefined;

/** One for all hosts of the process: its collectors watch it for as long as it lives and can't be taken away again. */
export function processRegistry(): Registry {
  if (ofProcess === undefined) {
    ofProcess = new Registry();
    collectDefaultMetrics({ register: ofProcess });
    for (const name of MISNAMED) ofProcess.removeSingleMetric(name);
  }
  return ofProcess;
}
