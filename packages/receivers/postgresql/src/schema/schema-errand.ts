import { createHash } from "node:crypto";
import type { Host } from "@dbintel/pipeline";
import { KeptState } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import type { Errand, Visit } from "../visits/errand.ts";
import { addFirstSchema, addSchemaChanges } from "./schema-events.ts";
import { type KnownTable, type SchemaSnapshot, schemaChanges, tableKey } from "./schema-snapshot.ts";
import { readParts, readTables } from "./schema-source.ts";

export interface SchemaErrandOptions {
  readonly host: Host;
  readonly intervalMs: number;
  /** Tables of a database that are watched. */
  readonly limit: number;
}

/** Characters of all definitions that are remembered; beyond it the database is forgotten that was seen longest ago. */
const mostCharacters = 16_000_000;

type Schemas = LRUCache<string, SchemaSnapshot>;
/** Those that were seen longest ago first. */
type WrittenSchemas = readonly (readonly [database: string, schema: SchemaSnapshot])[];

/** Tells what changes in the tables of each database. Reads the definitions only of those whose hash is another. */
export class SchemaErrand implements Errand {
  readonly name = "schema";
  readonly intervalMs: number;
  readonly #options: SchemaErrandOptions;
  readonly #known: KeptState<Schemas, WrittenSchemas>;

  constructor(options: SchemaErrandOptions) {
    this.#options = options;
    this.intervalMs = options.intervalMs;
    this.#known = new KeptState<Schemas, WrittenSchemas>({
      host: options.host,
      name: "schema",
      loss: "changes of tables since the last run are not told",
      initial: remembering([]),
      version: 1,
      write: (schemas) => [...schemas.entries()].reverse(),
      read: remembering,
    });
  }

  async run(visit: Visit): Promise<void> {
    const { host, limit } = this.#options;
    const { database, connection, logs, timeUnixNano, signal } = visit;
    const schemas = await this.#known.get();
    const before = schemas.get(database);
    const snapshot = await this.#read(visit, before);
    if (snapshot.hash === before?.hash) return;
    const args = { database, timeUnixNano, observedUnixNano: host.clock.unixNano(), snapshot };
    if (before === undefined) addFirstSchema(logs, { ...args, complete: snapshot.tables.length < limit });
    else addSchemaChanges(logs, { ...args, changes: schemaChanges(before, snapshot), previousHash: before.hash });
    signal.throwIfAborted();
    visit.onTaken(() => {
      schemas.set(connection.database, snapshot);
      this.#known.set(schemas);
    });
  }

  forget(): void {
    this.#known.forget();
  }

  close(): Promise<void> {
    return this.#known.close();
  }

  async #read({ connection, signal }: Visit, before: SchemaSnapshot | undefined): Promise<SchemaSnapshot> {
    const { limit } = this.#options;
    const known = new Map(before?.tables.map((table) => [tableKey(table), table]));
    const tables = await readTables(connection, limit, signal);
    const other = tables.filter((table) => table.hash !== undefined && known.get(tableKey(table))?.hash !== table.hash);
    const oids = other.map(({ oid }) => oid);
    const parts = oids.length === 0 ? new Map() : await readParts(connection, oids, limit, signal);
    const next = tables.flatMap(({ schema, table, oid, hash }): readonly KnownTable[] => {
      const last = known.get(tableKey({ schema, table }));
      // Locked at this moment: it is as it was until it can be seen.
      if (hash === undefined) return last === undefined ? [] : [last];
      if (last?.hash === hash) return [last];
      const found = parts.get(oid);
      return found === undefined ? [] : [{ schema, table, hash, parts: found }];
    });
    return { hash: hashOf(next), tables: next };
  }
}

function hashOf(tables: readonly KnownTable[]): string {
  const lines = tables.map((table) => `${tableKey(table)} ${table.hash}`).sort();
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

function remembering(schemas: WrittenSchemas): Schemas {
  const cache: Schemas = new LRUCache({ maxSize: mostCharacters, sizeCalculation: sizeOf });
  for (const [database, snapshot] of schemas) cache.set(database, snapshot);
  return cache;
}

function sizeOf({ tables }: SchemaSnapshot): number {
  const parts = tables.flatMap((table) => table.parts);
  return (
    1 + tables.length * 100 + parts.reduce((sum, { name, definition }) => sum + name.length + definition.length + 50, 0)
  );
}
