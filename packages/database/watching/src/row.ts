/** A value as drivers give it with our parsers: a 64-bit integer is a bigint and never a rounded number. */
export type Value = string | bigint | number | boolean | null;
/** A row of an answer by the names of its columns. */
export type Row = Readonly<Record<string, Value>>;

/** A column as an exact integer; `undefined` for NULL and for what is none. */
export function integer(row: Row, column: string): bigint | undefined {
  const value = row[column];
  if (typeof value === "bigint") return value;
  return typeof value === "number" && Number.isInteger(value) ? BigInt(value) : undefined;
}

/** A column as a number: for identifiers below 2^32, flags and measured times. */
export function number(row: Row, column: string): number | undefined {
  const value = row[column];
  if (typeof value === "bigint") return Number(value);
  return typeof value === "number" ? value : undefined;
}

/** A column as text. */
export function text(row: Row, column: string): string | undefined {
  const value = row[column];
  return typeof value === "string" ? value : undefined;
}
