import type { StatementShape } from "../src/statements/statement-columns.ts";
import type { StatementTable } from "../src/statements/statement-table.ts";

/** An entry of pg_stat_statements as a test states it; counters in the order of the shape. */
export interface TestEntry {
  readonly databaseId: number;
  readonly userId: number;
  /** `null` where the server hides it. */
  readonly queryId: bigint | null;
  readonly toplevel: boolean;
  /** Microseconds since 2000. */
  readonly since: bigint;
  /** As above; `since` where it is absent. */
  readonly minmaxSince?: bigint;
  readonly counters: readonly (bigint | number | null)[];
  /** In the order of the shape; NULL where there are none. */
  readonly states?: readonly number[];
}

const lengths = { oid: 4, int8: 8, bool: 1 } as const;

/** The body of a DataRow message in binary format, as a server sends it for the receiver's query. */
export function dataRow(shape: StatementShape, entry: TestEntry): Buffer {
  const valueAt = (place: number) => {
    const counter = shape.counters[place];
    const value = counter === undefined ? entry.states?.[place - shape.counters.length] : entry.counters[place];
    return counter?.type === "integer" ? int8(BigInt(value ?? 0)) : float8(Number(value ?? 0));
  };
  const [always, ...others] = shape.fields.map(({ places }) => places.map(valueAt));
  const key = [
    oid(entry.databaseId),
    oid(entry.userId),
    int8(entry.queryId ?? 0n),
    Buffer.alloc(lengths.bool, entry.toplevel ? 1 : 0),
    ...(shape.statsSince ? [int8(entry.since)] : []),
  ];
  const fields: (Buffer | null)[] = [
    entry.queryId === null ? null : Buffer.concat([...key, ...(always ?? [])]),
    ...(shape.minmaxSince ? [entry.minmaxSince === undefined ? null : int8(entry.minmaxSince)] : []),
    ...others.map((values) => {
      const bytes = Buffer.concat(values);
      return bytes.some((byte) => byte !== 0) ? bytes : null;
    }),
  ];
  const count = Buffer.allocUnsafe(2);
  count.writeInt16BE(fields.length);
  const parts = fields.flatMap((field) => {
    const length = Buffer.allocUnsafe(4);
    length.writeInt32BE(field === null ? -1 : field.length);
    return field === null ? [length] : [length, field];
  });
  return Buffer.concat([count, ...parts]);
}

/** Fills a table as a reading does. */
export function append(table: StatementTable, ...entries: readonly TestEntry[]): StatementTable {
  for (const entry of entries) table.appendRow(dataRow(table.shape, entry), 0);
  return table;
}

function oid(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(lengths.oid);
  bytes.writeUInt32BE(value);
  return bytes;
}

function int8(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(lengths.int8);
  bytes.writeBigInt64BE(value);
  return bytes;
}

function float8(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(lengths.int8);
  bytes.writeDoubleBE(value);
  return bytes;
}
