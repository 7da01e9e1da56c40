import { analyzeSql } from "@dbintel/sql";
import type { ScanningStatement, TableScan } from "../plans/known-scans.ts";
import { type FilterColumn, filterColumnOf } from "./filter-column.ts";
import type { ScannedColumn } from "./scanned-columns.ts";

/** An index that statements would find few rows of a large table by, which they now read from end to end. */
export interface IndexProposal {
  readonly schema: string;
  readonly relation: string;
  /** In the order of the index. */
  readonly columns: readonly string[];
  /** The table and the columns as SQL writes them. */
  readonly target: string;
  /** Whether `relation` is partitioned; its partitions are what is read. */
  readonly partitioned: boolean;
  readonly rows: number;
  /** Part of the rows that the optimizer expects to be wanted. */
  readonly selectivity: number;
  /** Those that would use it, the slowest first. */
  readonly statements: readonly [ScanningStatement, ...ScanningStatement[]];
}

/** Of a table with fewer rows an index saves little. */
export const leastRows = 100_000;
/** Where more rows than this are wanted, the server may well read the table from end to end. */
const mostSelectivity = 0.05;
/** One more column finds fewer rows and makes each write dearer. */
const mostColumns = 3;

/** The names that a look at the catalogue has to bring for proposals about these statements. */
export function namesIn(statements: readonly ScanningStatement[]): {
  readonly relations: readonly string[];
  readonly columns: readonly string[];
} {
  const scans = statements.flatMap((statement) => statement.scans).filter(({ conditions }) => conditions.length > 0);
  const columns = scans.flatMap(({ conditions }) => conditions.flatMap((each) => filterColumnOf(each)?.name ?? []));
  return { relations: [...new Set(scans.map(({ relation }) => relation))], columns: [...new Set(columns)] };
}

/** What to index, most time lost first: an index of its own for each table and set of columns. */
export function proposalsFor(
  statements: readonly ScanningStatement[],
  known: readonly ScannedColumn[],
): readonly IndexProposal[] {
  const proposals = new Map<string, IndexProposal>();
  for (const statement of statements.toSorted((a, b) => b.meanMs - a.meanMs)) {
    for (const scan of statement.scans) {
      const proposal = proposalFor(statement, scan, known);
      if (proposal === undefined) continue;
      const other = proposals.get(objectOf(proposal));
      if (other?.statements.includes(statement)) continue;
      const joined = other && { ...other, statements: [...other.statements, statement] as const };
      proposals.set(objectOf(proposal), joined ?? proposal);
    }
  }
  return [...proposals.values()];
}

/** `public.orders (customer, state)` */
export function objectOf({ schema, relation, columns }: IndexProposal): string {
  return `${schema}.${relation} (${columns.join(", ")})`;
}

function proposalFor(
  statement: ScanningStatement,
  scan: TableScan,
  known: readonly ScannedColumn[],
): IndexProposal | undefined {
  const filters = scan.conditions.flatMap((condition) => filterColumnOf(condition) ?? []);
  const [table, ...others] = tablesOf(statement, scan, known, filters);
  // With the same table in several schemas nobody can tell which was meant.
  if (table === undefined || others.length > 0) return undefined;
  const columns = columnsOf(filters, table);
  const [first] = columns;
  // An index that begins alike is there: it is not used for another reason.
  if (first === undefined || first.indexed) return undefined;
  const { rows, root } = first;
  if (scan.rows / rows > mostSelectivity) return undefined;
  const { schema, relation, quotedTable } = root ?? first;
  return {
    ...{ schema, relation },
    columns: columns.map(({ column }) => column),
    target: `${quotedTable} (${columns.map(({ quotedColumn }) => quotedColumn).join(", ")})`,
    partitioned: root !== undefined,
    rows,
    selectivity: scan.rows / rows,
    statements: [statement],
  };
}

/** The tables that the scan may be of, by their known columns: those with all columns of the filter. */
function tablesOf(
  { query }: ScanningStatement,
  { schema, relation }: TableScan,
  known: readonly ScannedColumn[],
  filters: readonly FilterColumn[],
): readonly (readonly ScannedColumn[])[] {
  const written = query === undefined ? [] : analyzeSql(query, "postgresql").tables;
  const schemas = written.filter((table) => table.name === relation).map((table) => table.schema);
  const inSchema = schema ?? (new Set(schemas).size === 1 ? schemas[0] : undefined);
  const tables = Map.groupBy(
    known.filter((each) => each.relation === relation && (inSchema ?? each.schema) === each.schema),
    ({ oid }) => oid,
  );
  return [...tables.values()].filter((columns) =>
    filters.every(({ name }) => columns.some(({ column }) => column === name)),
  );
}

/** Columns with given values, those with the most different ones first, then one that is a range. */
function columnsOf(filters: readonly FilterColumn[], table: readonly ScannedColumn[]): readonly ScannedColumn[] {
  const usable = (match: FilterColumn["match"]) =>
    table
      .filter(({ column, isText }) =>
        filters.some(
          ({ name, cast, ...filter }) =>
            name === column && filter.match === match && (cast === undefined || (cast === "text" && isText)),
        ),
      )
      .toSorted((a, b) => (b.distinct ?? 0) - (a.distinct ?? 0));
  const equal = usable("equal");
  return [
    ...equal,
    ...usable("range")
      .filter((column) => !equal.includes(column))
      .slice(0, 1),
  ].slice(0, mostColumns);
}
