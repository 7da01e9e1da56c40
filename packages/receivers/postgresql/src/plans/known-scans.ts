import { type Clock, forgottenAfter } from "@dbintel/pipeline";
import { conditionOperands, nodesOf, type PlanNode, readPlan } from "@dbintel/plans";
import { atMost } from "@dbintel/watching";
import { LRUCache } from "lru-cache";

/** A table that a statement reads from end to end, as its plan tells. */
export interface TableScan {
  /** As the statement has it; `undefined` where the plan does not say. */
  readonly schema: string | undefined;
  readonly relation: string;
  /** What rows have to meet, taken apart at its outermost ANDs, with `?` for constants; empty when all rows are wanted. */
  readonly conditions: readonly string[];
  /** Rows that the optimizer expects to be left. */
  readonly rows: number;
}

/** A statement with what it reads from end to end. */
export interface ScanningStatement {
  readonly database: string;
  readonly queryId: string;
  readonly userId: number;
  readonly role: string | undefined;
  /** As pg_stat_statements keeps it, for the server alone to see; `undefined` when it is not known. */
  readonly query: string | undefined;
  /** Of the interval in which its plan was learnt. */
  readonly meanMs: number;
  readonly scans: readonly TableScan[];
}

const mostStatements = 2000;
/** Texts and conditions of all statements are together no longer than this. */
const mostCharacters = 16 * 2 ** 20;
/** Long enough for what runs once a night. */
export const scansRememberedMs = 25 * 3_600_000;

/**
 * What the statements whose plans are known read from end to end, by their last plans: who gets plans and who gives
 * advice share it.
 */
export class KnownScans {
  readonly #statements: LRUCache<string, ScanningStatement>;
  readonly #changes = new LRUCache<string, number>(atMost(mostStatements));

  constructor(clock: Clock) {
    this.#statements = new LRUCache({
      max: mostStatements,
      maxSize: mostCharacters,
      sizeCalculation: sizeOf,
      ...forgottenAfter(scansRememberedMs, clock),
    });
  }

  /** Takes over the last plan of a statement, EXPLAIN's JSON without constants. */
  learn({ plan, ...statement }: Omit<ScanningStatement, "scans"> & { readonly plan: string }): void {
    const scans = scansOf(plan);
    if (scans === undefined) return;
    const { database, queryId, userId } = statement;
    const name = JSON.stringify([database, queryId, userId]);
    const before = this.#statements.get(name)?.scans;
    if (JSON.stringify(before ?? []) !== JSON.stringify(scans)) {
      this.#changes.set(database, this.changes(database) + 1);
    }
    this.#statements.set(name, { ...statement, scans });
  }

  /** How often what is known of a database has changed. */
  changes(database: string): number {
    return this.#changes.get(database) ?? 0;
  }

  /** The statements whose plan is known, also those that read no table from end to end. */
  of(database: string): readonly ScanningStatement[] {
    return [...this.#statements.values()].filter((statement) => statement.database === database);
  }
}

/** `undefined` for what is no plan that can be read. */
function scansOf(text: string): readonly TableScan[] | undefined {
  const { plan } = readPlan(text, { syntax: "postgresql" });
  if (plan === undefined) return undefined;
  // A plan that was kept without costs does not say how many rows are wanted.
  const tells = [...nodesOf(plan.root)].every(
    ({ kind, estimate }) => kind !== "sequential_scan" || estimate?.rows !== undefined,
  );
  return tells ? [...scansBelow(plan.root, 1)] : undefined;
}

/** `processes` is how many share the rows of an operation between them. */
function* scansBelow(node: PlanNode, processes: number): Generator<TableScan> {
  const { operation, schema, relation, conditions, estimate, workers, children } = node;
  if (operation === "Seq Scan" && relation !== undefined && estimate?.rows !== undefined) {
    const filters = conditions.filter(({ role }) => role === "filter");
    yield {
      schema,
      relation,
      conditions: filters.flatMap(({ text }) => conditionOperands(text)),
      rows: estimate.rows * processes,
    };
  }
  const sharing = workers === undefined ? processes : processesOf(workers.planned);
  for (const child of children) yield* scansBelow(child, sharing);
}

/** How many processes' worth of rows workers and leader read: `get_parallel_divisor` of the server's costsize.c. */
function processesOf(workers: number): number {
  return workers + Math.max(0, 1 - 0.3 * workers);
}

function sizeOf({ query, scans }: ScanningStatement): number {
  const conditions = scans.flatMap((scan) => scan.conditions);
  return 200 + (query?.length ?? 0) + conditions.reduce((sum, { length }) => sum + length, 0);
}
