import t from "tap";
import { rpc } from "./rpc.ts";
import { fuzz, totalRuns } from "./suite.ts";

void fuzz(t, rpc, totalRuns(process.env));
