/** The commands, in the order in which help shows them. A new one: its file in `commands/`, and a line here. */
import type { Command } from "./command.ts";
import { audit } from "./commands/audit.ts";
import { check } from "./commands/check.ts";
import { credentials } from "./commands/credentials.ts";
import { deliveries } from "./commands/deliveries.ts";
import { demo } from "./commands/demo.ts";
import { doctor } from "./commands/doctor.ts";
import { lanes } from "./commands/lanes.ts";
import { logLevel } from "./commands/log-level.ts";
import { notify } from "./commands/notify.ts";
import { plugins } from "./commands/plugins.ts";
import { preview } from "./commands/preview.ts";
import { registrations } from "./commands/registrations.ts";
import { reload } from "./commands/reload.ts";
import { sandbox } from "./commands/sandbox.ts";
import { start } from "./commands/start.ts";
import { status } from "./commands/status.ts";
import { store } from "./commands/store.ts";

export const COMMANDS: readonly Command[] = [
  start,
  demo,
  sandbox,
  check,
  doctor,
  status,
  notify,
  preview,
  registrations,
  deliveries,
  lanes,
  plugins,
  reload,
  logLevel,
  audit,
  credentials,
  store,
];
