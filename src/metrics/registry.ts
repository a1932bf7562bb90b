/// <reference path="./prom-client.d.ts" />
/**
 * The instruments of the table, made for one host. Of prom-client only what counts is loaded with it: the whole brings
 * OpenTelemetry's API and a push gateway, 85 modules.
 */
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import Registry from "prom-client/lib/registry.js";
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
let ofProcess: Promise<Registry> | undefined;

/**
 * One for all hosts of the process: its collectors watch it for as long as it lives and can't be taken away again. They
 * begin with the first reading; a host whose figures nobody reads needs none of them.
 */
export function processRegistry(): Promise<Registry> {
  ofProcess ??= watchProcess();
  return ofProcess;
}

async function watchProcess(): Promise<Registry> {
  const { collectDefaultMetrics } = await import("prom-client");
  const register = new Registry();
  collectDefaultMetrics({ register });
  for (const name of MISNAMED) register.removeSingleMetric(name);
  return register;
}
