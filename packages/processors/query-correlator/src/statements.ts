import { analyzeSql, commentTags, parseTraceparent, type SqlSyntax, type TraceContext } from "@dbintel/sql";
import { LRUCache } from "lru-cache";
import { maintenanceOf } from "./maintenance.ts";

/** What the text of a statement says. Nothing in it was typed as a value. */
export interface Statement {
  readonly fingerprint: string;
  /** `db.query.summary` of the semantic conventions. */
  readonly summary: string;
  /** The verb in upper case; absent for several statements in one text. */
  readonly operation: string | undefined;
  /** Tables as `schema.name` or `name`. */
  readonly tables: readonly string[];
  /** What upkeep it does, such as `vacuum`. */
  readonly maintenance: string | undefined;
  /** The span that a comment in the text names. */
  readonly trace: TraceContext | undefined;
}

/** Longer statements are read each time: they are rare, and would fill the memory. */
const longestRemembered = 16_384;

/** Reads statements, each text once as long as it is remembered. */
export class Statements {
  readonly #known: LRUCache<string, Statement>;

  constructor(size: number) {
    this.#known = new LRUCache({ max: size });
  }

  read(text: string, syntax: SqlSyntax): { readonly statement: Statement; readonly known: boolean } {
    const key = `${syntax.dialect} ${text}`;
    const known = this.#known.get(key);
    if (known !== undefined) return { statement: known, known: true };
    const statement = readStatement(text, syntax);
    if (text.length <= longestRemembered) this.#known.set(key, statement);
    return { statement, known: false };
  }
}

function readStatement(text: string, syntax: SqlSyntax): Statement {
  const { fingerprint, summary, tables } = analyzeSql(text, syntax);
  const verb = summary.split(" ", 1)[0]?.toUpperCase() ?? "";
  const traceparent = text.includes("traceparent") ? commentTags(text, syntax).get("traceparent") : undefined;
  return {
    fingerprint,
    summary,
    operation: verb === "" || verb === "BATCH" ? undefined : verb,
    tables: tables.map(({ schema, name }) => (schema === undefined ? name : `${schema}.${name}`)),
    maintenance: maintenanceOf(summary),
    trace: traceparent === undefined ? undefined : parseTraceparent(traceparent),
  };
}
