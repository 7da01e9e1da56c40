import { attributeKey, type LogRecord } from "@dbintel/pdata";

/** A statement of one database, with what an event about it tells. */
export interface Statement {
  /** Unique among all statements. */
  readonly key: string;
  readonly fingerprint: string;
  /** Without constants; "" where no record told it. */
  readonly text: string;
  readonly database: string;
  /** Attributes of the resource that name the server. */
  readonly server: Readonly<Record<string, string>>;
}

const serverKeys = ["service.instance.id", "server.address", "db.system.name", "service.name"].map((name) =>
  attributeKey(name),
);
const databaseKey = attributeKey("db.namespace");

/** The statement that a record is about. */
export function statementOf(record: LogRecord, fingerprint: string, text: string): Statement {
  const database = record.attributes.getString(databaseKey) ?? "";
  const server: Record<string, string> = {};
  for (const key of serverKeys) {
    const value = record.resource.attributes.getString(key) ?? record.attributes.getString(key);
    if (value !== undefined) server[key.name] = value;
  }
  const instance = server["service.instance.id"] ?? server["server.address"] ?? "";
  return { key: JSON.stringify([instance, database, fingerprint]), fingerprint, text, database, server };
}
