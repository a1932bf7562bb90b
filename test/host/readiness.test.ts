import t from "tap";
import { openReadiness } from "../../src/host/readiness.ts";
import { StoreUnavailable } from "../../src/store/store.ts";
import { handTime } from "./hand-time.ts";

const FULL = new StoreUnavailable("the store is not available: database or disk is full (SQLITE_FULL)", {
  cause: new Error("full"),
  mayPass: true,
});

function open(proveWritable: () => Promise<void>) {
  const time = handTime();
  let proofs = 0;
  let stopping = false;
  const store = {
    proveWritable: () => {
      proofs += 1;
      return proveWritable();
    },
  };
  const readiness = openReadiness({ store, time, stopping: () => stopping });
  const stop = () => {
    stopping = true;
  };
  return { time, readiness, proofs: () => proofs, stop };
}

t.test("a host whose store takes a write is ready", async (t) => {
  t.same(await open(async () => {}).readiness(), { ready: true, reasons: [] });
});

t.test("a store that can't be written is named with its cause, and asked again later", async (t) => {
  let full = true;
  const { readiness, time, proofs } = open(async () => {
    if (full) throw FULL;
  });
  t.match(await readiness(), { ready: false, reasons: [/can't be written.*20032.*disk is full/] });
  full = false;
  t.notOk((await readiness()).ready, "the last proof still stands");
  time.pass(2_000);
  t.ok((await readiness()).ready);
  t.equal(proofs(), 2);
});

t.test("however many ask, one write is under way", async (t) => {
  const { readiness, proofs } = open(async () => {});
  await Promise.all(Array.from({ length: 50 }, () => readiness()));
  t.equal(proofs(), 1);
});

t.test("a disk that hangs is not waited for, and is given no second write", async (t) => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { readiness, time, proofs } = open(() => promise);
  for (const _ of [1, 2]) {
    const asked = readiness();
    time.next();
    t.match(await asked, { ready: false, reasons: ["the store has not answered a write within 2 s"] });
  }
  t.equal(proofs(), 1);
  resolve();
  t.ok((await readiness()).ready, "it came back");
});

t.test("a host that goes down says so, and writes nothing", async (t) => {
  const { readiness, proofs, stop } = open(async () => {});
  stop();
  t.same(await readiness(), { ready: false, reasons: ["the host is going down"] });
  t.equal(proofs(), 0);
});
