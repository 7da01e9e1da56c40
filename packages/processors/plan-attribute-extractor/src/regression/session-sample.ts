import { attributeKey, attributeKeys, type LogRecord } from "@dbintel/pdata";
import type { WaitCatalogue, WaitCategory } from "@dbintel/waits";

/** Only `db.server.query_sample` has these, of this collector's receivers and of the OpenTelemetry Collector's. */
export const stateKeys = attributeKeys(["postgresql.state", "mysql.threads.processlist_command"]);
const [postgresqlState, mysqlCommand] = stateKeys.keys;
const waitType = attributeKey("postgresql.wait_event_type");
const waitEvent = attributeKey("postgresql.wait_event");
const mysqlState = attributeKey("mysql.threads.processlist_state");
const mysqlWait = attributeKey("mysql.wait_type");
const mysqlLock = attributeKey("mysql.blocking.lock.type");

/** What a session was doing, when the record tells of one. */
export function sampleOf({ attributes }: LogRecord, catalogue: WaitCatalogue): WaitCategory | undefined {
  const found = stateKeys.keys[attributes.firstOf(stateKeys)];
  if (found === undefined) return undefined;
  if (found === postgresqlState) {
    const [state, type, event] = [postgresqlState, waitType, waitEvent].map((key) => attributes.getString(key));
    return catalogue.postgresql({ state, type, event });
  }
  const command = mysqlCommand === undefined ? undefined : attributes.getString(mysqlCommand);
  const [state, event, lock] = [mysqlState, mysqlWait, mysqlLock].map((key) => attributes.getString(key));
  // No event of MySQL tells that a session waits for a row.
  return catalogue.mysql({ command, state, event, waitsForRow: lock === "RECORD" || lock === "TABLE" });
}
