/** All fuzz suites, the quick ones first. */
import { answers } from "./answers.ts";
import { answersToHost } from "./answers-host.ts";
import { configuration } from "./configuration.ts";
import { rpc } from "./rpc.ts";
import type { Suite } from "./suite.ts";
import { values } from "./values.ts";

export const SUITES: readonly Suite[] = [answers, configuration, values, rpc, answersToHost];
