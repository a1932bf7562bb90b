/** All benches: a file each, and a line here. */

import { accept } from "./accept.ts";
import type { Bench } from "./bench.ts";
import { cost } from "./cost.ts";
import { deliver } from "./deliver.ts";
import { endToEnd } from "./end-to-end.ts";
import { fsyncs } from "./fsyncs.ts";
import { group } from "./group.ts";
import { growth } from "./growth.ts";
import { isolation } from "./isolation.ts";
import { sign } from "./sign.ts";

export const BENCHES: readonly Bench[] = [accept, deliver, endToEnd, sign, isolation, growth, fsyncs, cost, group];
