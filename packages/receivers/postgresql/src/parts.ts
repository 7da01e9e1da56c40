import { activityPart } from "./activity/part.ts";
import { advicePart } from "./advice/part.ts";
import { customSqlPart } from "./custom-sql/part.ts";
import { leasePart } from "./lease/part.ts";
import { logsPart } from "./logs/part.ts";
import { metricsPart } from "./metrics/part.ts";
import { objectsPart } from "./objects/part.ts";
import { poolsPart } from "./pools/part.ts";
import { schemaPart } from "./schema/part.ts";
import { settingsPart } from "./settings-changes/part.ts";
import { statementsPart } from "./statements/part.ts";
import { visitsPart } from "./visits/part.ts";
import type { Part } from "./watched-server.ts";

/** Everything that is collected, what costs the server least first: so it is asked when it recovers. */
export const parts: readonly Part[] = [
  leasePart,
  metricsPart,
  activityPart,
  logsPart,
  statementsPart,
  settingsPart,
  objectsPart,
  schemaPart,
  advicePart,
  poolsPart,
  visitsPart,
  customSqlPart,
];
