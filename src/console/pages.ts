/** The pages, in the order of the menu. A new one: its file in `pages/`, and a line here. */
import type { Page } from "./page.ts";
import { audit } from "./pages/audit.ts";
import { compose } from "./pages/compose.ts";
import { deliveries } from "./pages/deliveries.ts";
import { delivery } from "./pages/delivery.ts";
import { history } from "./pages/history.ts";
import { lanes } from "./pages/lanes.ts";
import { logs } from "./pages/logs.ts";
import { overview } from "./pages/overview.ts";
import { plugins } from "./pages/plugins.ts";
import { newRegistration, registration } from "./pages/registration.ts";
import { registrations } from "./pages/registrations.ts";

export const PAGES: readonly Page[] = [
  ...[overview, compose, deliveries, delivery, lanes, history],
  ...[registrations, newRegistration, registration],
  ...[plugins, logs, audit],
];
