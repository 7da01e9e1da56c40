import { type EncodedAttributes, encodeAttributes } from "@dbintel/pdata";
import {
  analyzeSql,
  commentTags,
  parseTraceparent,
  type SqlSyntax,
  type TableName,
  type TraceContext,
} from "@dbintel/sql";
import { maintenanceOf } from "./maintenance.ts";

/** What the text of a statement says. Nothing in it was typed as a value. */
export interface Statement {
  readonly fingerprint: string;
  /** `db.query.summary` of the semantic conventions. */
  readonly summary: string;
  readonly tables: readonly TableName[];
  /** The span that a comment in the text names. */
  readonly trace: TraceContext | undefined;
  /** What a record or span with the text is given. */
  readonly encoded: EncodedAttributes;
}

/** Reads a statement. */
export function readStatement(text: string, syntax: SqlSyntax): Statement {
  const { fingerprint, summary, tables } = analyzeSql(text, syntax);
  const verb = summary.split(" ", 1)[0]?.toUpperCase() ?? "";
  const maintenance = maintenanceOf(summary);
  const names = tables.map(shownName);
  const encoded = encodeAttributes({
    "db.query.fingerprint": fingerprint,
    "db.query.summary": summary === "" ? undefined : summary,
    // Of several statements in one text none is the operation.
    "db.operation.name": verb === "" || verb === "BATCH" ? undefined : verb,
    "db.collection.name": names.length === 1 ? names[0] : undefined,
    "db.query.tables": names.length > 0 ? names : undefined,
    "db.query.is_maintenance": maintenance !== undefined,
    "db.query.maintenance.operation": maintenance,
  });
  return { fingerprint, summary, tables, trace: traceOf(text, syntax), encoded };
}

/** A table as `schema.name` or `name`. */
export function shownName({ schema, name }: TableName): string {
  return schema === undefined ? name : `${schema}.${name}`;
}

function traceOf(text: string, syntax: SqlSyntax): TraceContext | undefined {
  const traceparent = text.includes("traceparent") ? commentTags(text, syntax).get("traceparent") : undefined;
  return traceparent === undefined ? undefined : parseTraceparent(traceparent);
}
