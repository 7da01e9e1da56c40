/** An index as the server's catalogue has it. */
export interface IndexDefinition {
  readonly schema: string;
  readonly table: string;
  readonly name: string;
  /** The primary key is unique too. */
  readonly unique: boolean;
  /** Whether the optimizer may use it: MySQL has invisible indexes, MariaDB ignored ones. */
  readonly visible: boolean;
  /** `BTREE`, `FULLTEXT`, `SPATIAL`, `HASH`. */
  readonly type: string;
  readonly parts: readonly IndexPart[];
}

/** A column of an index, or an expression. */
export interface IndexPart {
  readonly column: string | undefined;
  readonly expression: string | undefined;
  /** Only so many characters of the column. */
  readonly length: number | undefined;
  readonly descending: boolean;
}

/** Columns that a foreign key has an index of: on the table that refers, and on the one that is referred to. */
export interface KeyColumns {
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
}

export function tableKey({ schema, table }: Pick<IndexDefinition, "schema" | "table">): string {
  return `${schema}\0${table}`;
}

/** Whether the server may look up the columns of a foreign key by this index: they are the first, in any order. */
export function servesKey(index: IndexDefinition, { columns }: KeyColumns): boolean {
  const first = new Set(index.parts.slice(0, columns.length).map(({ column }) => column?.toLowerCase()));
  return first.size === columns.length && columns.every((column) => first.has(column.toLowerCase()));
}

/** Whether all columns of `index` are the first of `other`, in the same order and of the same length. */
export function beginsLike(other: IndexDefinition, index: IndexDefinition): boolean {
  return index.parts.every((part, at) => JSON.stringify(part) === JSON.stringify(other.parts[at]));
}
