import t from "tap";
import { fuzz, totalRuns } from "./suite.ts";
import { values } from "./values.ts";

void fuzz(t, values, totalRuns(process.env));
