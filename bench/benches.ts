/** All benches: a file each, and a line here. */

import { accept } from "./accept.ts";
import type { Bench } from "./bench.ts";
import { group } from "./group.ts";
import { isolation } from "./isolation.ts";

export const BENCHES: readonly Bench[] = [accept, isolation, group];
