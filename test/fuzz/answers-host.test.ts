import t from "tap";
import { answersToHost } from "./answers-host.ts";
import { fuzz, totalRuns } from "./suite.ts";

void fuzz(t, answersToHost, totalRuns(process.env));
