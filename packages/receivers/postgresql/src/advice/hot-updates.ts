import { type Advice, type AdviceKind, clean, number, type Row, text } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import type { Capabilities } from "../connection/capabilities.ts";
import { userRelations } from "../objects/relation-kind.ts";
import type { Visit } from "../visits/errand.ts";

export const fewHotUpdates: AdviceKind = {
  id: "few_hot_updates",
  severity: "info",
  message:
    "Many updated rows find no room on their page and have to be written to each index of the table; a lower fillfactor leaves room for them",
};

/** What the server has counted of a table. */
interface Counters {
  readonly updates: number;
  readonly hot: number;
  /** Updates whose row went to another page; `undefined` before PostgreSQL 16. */
  readonly newPage: number | undefined;
}

interface Known {
  /** Of the look from which on it counts. */
  readonly base: Counters;
  /** `undefined` until enough updates have been seen. */
  readonly verdict: Advice | "well" | undefined;
}

/** Of fewer updates nothing follows. */
const enoughUpdates = 10_000;
const highestHotShare = 0.5;
const leastNewPageShare = 0.3;
const mostTables = 500;
/** Tables that are remembered, of all databases together. */
const mostRemembered = 100_000;

/** Tables with indexes and many updates whose pages are filled up. */
function sql({ columns }: Capabilities): string {
  const newPages = columns.get("pg_stat_all_tables")?.has("n_tup_newpage_upd")
    ? "pg_stat_get_tuples_newpage_updated(c.oid)"
    : "NULL::int8";
  return `
    SELECT c.oid, n.nspname::text AS schema, c.relname::text AS relation, concat(n.nspname, '.', c.relname) AS object,
           pg_stat_get_tuples_updated(c.oid) AS updates, pg_stat_get_tuples_hot_updated(c.oid) AS hot,
           ${newPages} AS new_page, coalesce(f.fillfactor, 100) AS fillfactor,
           (SELECT count(*) FROM pg_index i WHERE i.indrelid = c.oid) AS indexes,
           format('ALTER TABLE %I.%I SET (fillfactor = 90);', n.nspname, c.relname) AS sql
      FROM pg_class c
      JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN LATERAL (
        SELECT max(option_value)::int4 AS fillfactor
          FROM pg_options_to_table(c.reloptions) WHERE option_name = 'fillfactor') f ON c.reloptions IS NOT NULL
     WHERE c.relkind = 'r' AND c.relhasindex AND ${userRelations} AND coalesce(f.fillfactor, 100) > 95
       AND pg_stat_get_tuples_updated(c.oid) >= ${enoughUpdates}
     ORDER BY updates DESC, c.oid LIMIT ${mostTables}`;
}

/** Finds tables whose updates are rarely heap-only for want of room, by what they counted between looks. */
export class HotUpdates {
  readonly #databases = new LRUCache<string, ReadonlyMap<number, Known>>({
    maxSize: mostRemembered,
    sizeCalculation: (tables) => 1 + tables.size,
  });

  /** What holds now; of a table of which too little is known yet, what was `open` before. */
  async find(
    { database, connection, capabilities, signal }: Visit,
    open: readonly Advice[],
  ): Promise<readonly Advice[]> {
    const before = this.#databases.get(database);
    const tables = new Map<number, Known>();
    const found: Advice[] = [];
    for (const row of await connection.query(sql(capabilities), [], signal)) {
      const oid = number(row, "oid") ?? 0;
      const known = judged(row, before?.get(oid));
      tables.set(oid, known);
      const object = clean(text(row, "object") ?? "");
      const told = open.find((advice) => advice.rule === fewHotUpdates.id && advice.object === object);
      const advice = known.verdict ?? told;
      if (advice !== undefined && advice !== "well") found.push(advice);
    }
    this.#databases.set(database, tables);
    return found;
  }
}

function judged(row: Row, known: Known | undefined): Known {
  const now: Counters = {
    updates: number(row, "updates") ?? 0,
    hot: number(row, "hot") ?? 0,
    newPage: number(row, "new_page"),
  };
  const updates = now.updates - (known?.base.updates ?? now.updates);
  // The first look, or the counters have begun anew.
  if (known === undefined || updates < 0) return { base: now, verdict: undefined };
  if (updates < enoughUpdates) return known;
  const hotShare = (now.hot - known.base.hot) / updates;
  const newPageShare =
    now.newPage === undefined ? undefined : (now.newPage - (known.base.newPage ?? now.newPage)) / updates;
  // An update of an indexed column is never heap-only: only newer servers tell which had no room.
  const crowded = newPageShare === undefined ? hotShare <= highestHotShare : newPageShare >= leastNewPageShare;
  if (!crowded) return { base: now, verdict: "well" };
  const verdict: Advice = {
    rule: fewHotUpdates.id,
    object: clean(text(row, "object") ?? ""),
    schema: clean(text(row, "schema") ?? ""),
    relation: clean(text(row, "relation") ?? ""),
    sql: clean(text(row, "sql") ?? ""),
    evidence: {
      ...{ updates, hot_share: hotShare },
      ...(newPageShare === undefined ? {} : { newpage_share: newPageShare }),
      ...{ fillfactor: number(row, "fillfactor") ?? 100, indexes: number(row, "indexes") ?? 0 },
    },
  };
  return { base: now, verdict };
}
