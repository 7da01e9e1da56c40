import type { LogsBuilder } from "@dbintel/pdata";
import { bounded } from "@dbintel/watching";
import type { SchemaChange, SchemaSnapshot } from "./schema-snapshot.ts";
import type { PartKind } from "./schema-source.ts";

export const schemaEvent = "db.schema";

/** What all records of one look have in common. */
export interface SchemaEventArgs {
  readonly database: string;
  readonly timeUnixNano: bigint;
  readonly observedUnixNano: bigint;
  readonly snapshot: SchemaSnapshot;
}

/** Records of one look at a database; the last of them tells how many changes it leaves out. */
const mostRecords = 500;
const longestDefinition = 4000;

/** One log record that says how large a schema is that was not seen before. */
export function addFirstSchema(logs: LogsBuilder, args: SchemaEventArgs & { readonly complete: boolean }): void {
  const { snapshot, complete } = args;
  const parts = snapshot.tables.flatMap((table) => table.parts);
  const count = (wanted: PartKind) => BigInt(parts.filter(({ kind }) => kind === wanted).length);
  logs.record({
    ...times(args),
    attributes: {
      ...shared(args),
      "dbintel.schema.change": "first",
      "dbintel.schema.complete": complete,
      "dbintel.schema.tables": BigInt(snapshot.tables.length),
      "dbintel.schema.columns": count("column"),
      "dbintel.schema.indexes": count("index"),
      "dbintel.schema.constraints": count("constraint"),
    },
  });
}

/** One log record for each change. */
export function addSchemaChanges(
  logs: LogsBuilder,
  args: SchemaEventArgs & { readonly changes: readonly SchemaChange[]; readonly previousHash: string },
): void {
  const { changes, previousHash } = args;
  const told = changes.slice(0, mostRecords);
  const omitted = changes.length - told.length;
  for (const [index, change] of told.entries()) {
    logs.record({
      ...times(args),
      attributes: {
        ...shared(args),
        "postgresql.schema.name": change.schema,
        "db.collection.name": change.table,
        "dbintel.schema.change": change.change,
        "dbintel.schema.object.kind": change.kind,
        "dbintel.schema.object.name": change.name,
        "dbintel.schema.definition": definition(change.definition),
        "dbintel.schema.previous_definition": definition(change.before),
        "dbintel.schema.previous_hash": previousHash,
        "dbintel.schema.changes.omitted": omitted > 0 && index === told.length - 1 ? BigInt(omitted) : undefined,
      },
    });
  }
}

function times({ timeUnixNano, observedUnixNano }: SchemaEventArgs) {
  return { timeUnixNano, observedTimeUnixNano: observedUnixNano, eventName: schemaEvent };
}

function shared({ database, snapshot }: SchemaEventArgs) {
  return { "db.system.name": "postgresql", "db.namespace": database, "dbintel.schema.hash": snapshot.hash };
}

function definition(text: string | undefined): string | undefined {
  return text === undefined ? undefined : bounded(text, longestDefinition);
}
