import { definePlugin } from "../../src/contract.ts";

export default definePlugin({
  apiVersion: 1,
  filters: {
    "BENCH.CRASHES": () => {
      process.exit(1);
    },
  },
});
