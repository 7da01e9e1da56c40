import type { LRUCache } from "lru-cache";
import { z } from "zod";
import { type Bounds, expiringCache } from "../expiring-cache.ts";
import { Table } from "./table.ts";
import { type TableFact, tableFacts } from "./table-fact.ts";
import type { TablePlace } from "./table-metrics.ts";

/** Tables of one name that are told apart by their server and schema. */
const mostNamesakes = 64;

/** Where PostgreSQL looks first for a table that is named without a schema. */
const usualSchema = "public";

const reading = z.tuple([z.enum(tableFacts), z.string(), z.number(), z.number()]);
const savedTable = z.strictObject({
  key: z.string(),
  server: z.string(),
  schema: z.string(),
  readings: z.array(reading),
});

/** What {@link TableMemory.save} gives. */
export const savedTables = z.array(savedTable);

/** The statistics of tables, by database and name. */
export class TableMemory {
  readonly #byName: LRUCache<string, Table[]>;

  constructor(bounds: Bounds) {
    this.#byName = expiringCache(bounds);
  }

  /** The table of a point, from now on remembered; `undefined` when there are too many of its name. */
  at(server: string, { database, schema, table }: TablePlace): Table | undefined {
    return this.#in(keyOf(database, table), server, schema);
  }

  /**
   * The table that a statement names. Without a schema it is the one that there is, or that of `public`: which of
   * several it is would depend on the `search_path` of the session. Unless `strict`, the only server with a table of
   * that name is taken for the one that is meant, whatever it is called.
   */
  find(place: TablePlace & { readonly server: string }, strict: boolean): Table | undefined {
    const { server, database, schema, table: name } = place;
    const all = this.#byName.get(keyOf(database, name)) ?? [];
    const exact = all.filter((table) => table.server === server);
    const isOneServer = all.every((table) => table.server === all[0]?.server);
    const tables = exact.length > 0 || strict || !isOneServer ? exact : all;
    if (schema !== "") return tables.find((table) => table.schema === schema || table.schema === "");
    return tables.length === 1 ? tables[0] : tables.find((table) => table.schema === usualSchema);
  }

  get size(): number {
    return this.#byName.size;
  }

  /** The last values; the ones before them are left out, so that an interval never spans a restart. */
  save(): z.output<typeof savedTables> {
    const saved: z.output<typeof savedTables> = [];
    for (const [key, tables] of this.#byName.entries()) {
      for (const table of tables) {
        const readings = [...table.entries()].map(
          ([fact, part, { value, atMs }]) => [fact, part, value, atMs] as [TableFact, string, number, number],
        );
        saved.push({ key, server: table.server, schema: table.schema, readings });
      }
    }
    // The first of a cache is the one used last: in this order they come back as they were.
    return saved.reverse();
  }

  restore(saved: z.output<typeof savedTables>): void {
    for (const { key, server, schema, readings } of saved) {
      const table = this.#in(key, server, schema);
      for (const [fact, part, value, atMs] of readings) table?.read(fact, part, value, atMs);
    }
  }

  #in(key: string, server: string, schema: string): Table | undefined {
    const tables = this.#byName.get(key) ?? [];
    let table = tables.find((known) => known.server === server && known.schema === schema);
    if (table === undefined && tables.length >= mostNamesakes) return undefined;
    if (table === undefined) {
      table = new Table(server, schema);
      tables.push(table);
    }
    // Set again, so that its time begins anew.
    this.#byName.set(key, tables);
    return table;
  }
}

function keyOf(database: string, table: string): string {
  return JSON.stringify([database, table]);
}
