import { attributeKey, attributeKeys, type LogRecord } from "@dbintel/pdata";

const hashKeys = attributeKeys(["db.query.plan.hash", "sqlserver.query_plan_hash"]);
const scanKey = attributeKey("db.query.plan.has_seq_scan");

/** What a record says of its statement's plan. */
export interface PlanSeen {
  readonly hash: string;
  /** Whether it reads a whole table; absent where the record does not say. */
  readonly scans: boolean | undefined;
}

/**
 * The plan that `plan_attribute_extractor` or SQL Server tells of. `mysql.query_plan.hash` is none: the OpenTelemetry
 * Collector's receiver puts the digest of the statement there.
 */
export function planOf({ attributes }: LogRecord): PlanSeen | undefined {
  const key = hashKeys.keys[attributes.firstOf(hashKeys)];
  const hash = key && attributes.getString(key);
  return hash === undefined || hash === "" ? undefined : { hash, scans: attributes.getBoolean(scanKey) };
}
