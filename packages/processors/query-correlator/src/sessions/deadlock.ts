import { attributeKey, type LogRecord } from "@dbintel/pdata";

/** The receivers' event, one record for each party of a deadlock. */
export const deadlockEvent = "db.deadlock";
export const deadlockNames: readonly string[] = ["dbintel.deadlock.id"];

const idKey = attributeKey("dbintel.deadlock.id");
const countKey = attributeKey("dbintel.deadlock.count");
const relationKeys = ["mysql.blocking.lock.relation", "postgresql.blocking.lock.relation"].map((name) =>
  attributeKey(name),
);

/** What a record says of a deadlock. */
export interface Deadlock {
  /** The same in the records of all parties. */
  readonly id: string;
  readonly count: number | undefined;
  readonly relation: string | undefined;
}

/** `undefined` when the record is about no deadlock. */
export function deadlockOf({ eventName, attributes }: LogRecord): Deadlock | undefined {
  const id = eventName === deadlockEvent ? attributes.getString(idKey) : undefined;
  if (id === undefined) return undefined;
  const relation = relationKeys.map((key) => attributes.getString(key)).find((name) => name !== undefined);
  return { id, count: attributes.getNumber(countKey), relation };
}
