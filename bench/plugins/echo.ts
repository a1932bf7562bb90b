import { definePlugin } from "../../src/contract.ts";

/** A healthy plug-in whose call costs nothing itself. */
export default definePlugin({ apiVersion: 1, filters: { "BENCH.ECHO": (inValues) => inValues } });
