/** Every method that there is. A new one is a file in `methods/` and a line here. */
import type { Method } from "./method.ts";
import { auditList } from "./methods/audit-list.ts";
import { deliveriesCancel } from "./methods/deliveries-cancel.ts";
import { deliveriesGet } from "./methods/deliveries-get.ts";
import { deliveriesList } from "./methods/deliveries-list.ts";
import { deliveriesRetry } from "./methods/deliveries-retry.ts";
import { filterApiCall } from "./methods/filter-api-call.ts";
import { lanesList } from "./methods/lanes-list.ts";
import { lanesPause } from "./methods/lanes-pause.ts";
import { lanesResume } from "./methods/lanes-resume.ts";
import { notify } from "./methods/notify.ts";
import { pluginsList } from "./methods/plugins-list.ts";
import { pluginsRestart } from "./methods/plugins-restart.ts";
import { preview } from "./methods/preview.ts";
import { registrationsAuthorize } from "./methods/registrations-authorize.ts";
import { registrationsConfirm } from "./methods/registrations-confirm.ts";
import { registrationsCreate } from "./methods/registrations-create.ts";
import { registrationsDelete } from "./methods/registrations-delete.ts";
import { registrationsGet } from "./methods/registrations-get.ts";
import { registrationsList } from "./methods/registrations-list.ts";
import { registrationsUpdate } from "./methods/registrations-update.ts";
import { rpcDiscover } from "./methods/rpc-discover.ts";
import { serverBackup } from "./methods/server-backup.ts";
import { serverHistory } from "./methods/server-history.ts";
import { serverLogLevel } from "./methods/server-log-level.ts";
import { serverLogs } from "./methods/server-logs.ts";
import { serverReload } from "./methods/server-reload.ts";
import { serverStatus } from "./methods/server-status.ts";
import { usersSuggest } from "./methods/users-suggest.ts";

const TABLE: readonly Method[] = [
  filterApiCall,
  notify,
  preview,
  deliveriesGet,
  deliveriesList,
  deliveriesRetry,
  deliveriesCancel,
  lanesList,
  lanesPause,
  lanesResume,
  registrationsList,
  registrationsGet,
  registrationsCreate,
  registrationsUpdate,
  registrationsDelete,
  registrationsAuthorize,
  registrationsConfirm,
  usersSuggest,
  pluginsList,
  pluginsRestart,
  serverStatus,
  serverHistory,
  serverReload,
  serverLogLevel,
  serverLogs,
  serverBackup,
  auditList,
];

export const METHODS: readonly Method[] = [...TABLE, rpcDiscover(TABLE)];
