import { alarmChecks } from "./alarms.ts";
import { functionChecks } from "./functions.ts";
import { httpChecks } from "./http.ts";
import { queueChecks } from "./queues.ts";
import { roleChecks } from "./roles.ts";
import { storageChecks } from "./storage.ts";
import { wholeChecks } from "./whole.ts";

export const everyCheck = [
  ...httpChecks,
  ...functionChecks,
  ...roleChecks,
  ...storageChecks,
  ...queueChecks,
  ...alarmChecks,
  ...wholeChecks,
];
