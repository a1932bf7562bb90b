import { definePlugin } from "../../src/contract.ts";

export default definePlugin({
  apiVersion: 1,
  filters: {
    "BENCH.LEAKS": async () => {
      const kept: Buffer[] = [];
      for (;;) {
        kept.push(Buffer.alloc(1_000_000, 1));
        await new Promise((resolve) => setImmediate(resolve));
      }
    },
  },
});
