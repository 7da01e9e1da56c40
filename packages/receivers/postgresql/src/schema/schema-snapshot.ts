import type { PartKind, TablePart } from "./schema-source.ts";

/** A table as it is remembered. */
export interface KnownTable {
  readonly schema: string;
  readonly table: string;
  readonly hash: string;
  readonly parts: readonly TablePart[];
}

/** The tables of a database at one moment. */
export interface SchemaSnapshot {
  /** Of all tables together. */
  readonly hash: string;
  readonly tables: readonly KnownTable[];
}

/** A part of a table that is not what it was. */
export interface SchemaChange {
  readonly schema: string;
  readonly table: string;
  readonly kind: PartKind;
  readonly name: string;
  readonly change: "added" | "removed" | "changed";
  readonly definition: string | undefined;
  readonly before: string | undefined;
}

/** What differs between two snapshots: of a table that is new or gone the table alone, else its parts. */
export function schemaChanges(before: SchemaSnapshot, after: SchemaSnapshot): readonly SchemaChange[] {
  const known = new Map(before.tables.map((table) => [tableKey(table), table]));
  const present = new Set(after.tables.map(tableKey));
  const changes: SchemaChange[] = [];
  for (const table of after.tables) {
    const last = known.get(tableKey(table));
    if (last === undefined) changes.push(wholeTable(table, "added"));
    else if (last.hash !== table.hash) changes.push(...partChanges(last, table));
  }
  for (const table of before.tables) if (!present.has(tableKey(table))) changes.push(wholeTable(table, "removed"));
  return changes;
}

export function tableKey({ schema, table }: { readonly schema: string; readonly table: string }): string {
  return JSON.stringify([schema, table]);
}

function wholeTable(table: KnownTable, change: "added" | "removed"): SchemaChange {
  const columns = table.parts.filter(({ kind }) => kind === "column");
  const own = table.parts.find(({ kind }) => kind === "table")?.definition ?? "table";
  const whole = `${own} (${columns.map(({ name, definition }) => `${name} ${definition}`).join(", ")})`;
  return {
    ...{ schema: table.schema, table: table.table, kind: "table", name: table.table, change },
    ...(change === "added" ? { definition: whole, before: undefined } : { definition: undefined, before: whole }),
  };
}

function partChanges(last: KnownTable, { schema, table, parts }: KnownTable): readonly SchemaChange[] {
  const known = new Map(last.parts.map((part) => [partKey(part), part]));
  const present = new Set(parts.map(partKey));
  const place = { schema, table };
  const changes: SchemaChange[] = [];
  for (const part of parts) {
    const { kind, name, definition, hash } = part;
    const was = known.get(partKey(part));
    if (was?.hash === hash) continue;
    const change = was === undefined ? "added" : "changed";
    changes.push({ ...place, kind, name, change, definition, before: was?.definition });
  }
  for (const part of last.parts) {
    if (present.has(partKey(part))) continue;
    const { kind, name, definition: before } = part;
    changes.push({ ...place, kind, name, change: "removed", definition: undefined, before });
  }
  return changes;
}

function partKey({ kind, name }: TablePart): string {
  return `${kind} ${name}`;
}
