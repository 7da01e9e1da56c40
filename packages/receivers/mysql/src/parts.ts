import { activityPart } from "./activity/part.ts";
import { advicePart } from "./advice/part.ts";
import { canaryPart } from "./canary/part.ts";
import { consumersPart } from "./consumers/part.ts";
import { customSqlPart } from "./custom-sql/part.ts";
import { leasePart } from "./lease/part.ts";
import { metricsPart } from "./metrics/part.ts";
import { objectsPart } from "./objects/part.ts";
import { replicationPart } from "./replication/part.ts";
import { settingsPart } from "./settings-changes/part.ts";
import { statementsPart } from "./statements/part.ts";
import type { Part } from "./watched-server.ts";

/** Everything that is collected, what costs the server least first: so it is asked when it recovers. */
export const parts: readonly Part[] = [
  leasePart,
  metricsPart,
  canaryPart,
  replicationPart,
  consumersPart,
  activityPart,
  statementsPart,
  settingsPart,
  objectsPart,
  advicePart,
  customSqlPart,
];
