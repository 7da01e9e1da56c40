import { forgottenAfter, type Host } from "@dbintel/pipeline";
import { type Advice, AdviceBook, type AdviceKind, atMost, clean, type OpenAdvice } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import { type KnownScans, type ScanningStatement, scansRememberedMs } from "../plans/known-scans.ts";
import { PlanSession, planSessionOptions } from "../plans/plan-session.ts";
import type { Errand, Visit } from "../visits/errand.ts";
import { adviceAttributes } from "./advice-attributes.ts";
import { HypotheticalIndexes, type IndexGain } from "./hypothetical-index.ts";
import { type IndexProposal, leastRows, namesIn, objectOf, proposalsFor } from "./index-proposal.ts";
import { type ScannedColumn, scannedColumns } from "./scanned-columns.ts";

export const missingIndex: AdviceKind = {
  id: "missing_index",
  severity: "warning",
  message:
    "The statement wants few rows of a large table and reads all of them; an index on the columns of its conditions would find them",
};

/** From one look to the next where statements have begun to read other tables. */
const soonestMs = 300_000;
/** Indexes that one look asks hypopg about. */
const mostAsked = 5;
/** Advice about one database at most. */
const mostTold = 20;
/** An index that saves less of the plan's cost is not worth what it costs writes. */
const leastGain = 0.1;
/** What hypopg said is true for so long. */
const answerTtlMs = 24 * 3_600_000;
const mostAnswers = 5000;
const mostDatabases = 5000;

/** `unknown`: the server does not say what it would bring. */
type Answer = IndexGain | "useless" | "unknown";

/**
 * Looks for indexes that statements lack, by what their plans say of their conditions. Where the database has the
 * extension hypopg, it is asked what each would bring, in a session that plans as the statements do.
 */
export class MissingIndexErrand implements Errand {
  readonly name = "index_advice";
  readonly intervalMs: number;
  readonly sessionOptions = planSessionOptions;
  readonly #host: Host;
  readonly #scans: KnownScans;
  readonly #book: AdviceBook;
  readonly #adviceIntervalMs: number;
  readonly #startedMs: number;
  readonly #looks = new LRUCache<string, { readonly changes: number; readonly atMs: number }>(atMost(mostDatabases));
  readonly #answers: LRUCache<string, Answer>;

  constructor(args: {
    readonly host: Host;
    readonly intervalMs: number;
    /** `host:port`. */
    readonly endpoint: string;
    readonly scans: KnownScans;
  }) {
    const { host, intervalMs, scans } = args;
    this.#host = host;
    this.#scans = scans;
    this.#adviceIntervalMs = intervalMs;
    this.intervalMs = Math.min(intervalMs, soonestMs);
    this.#book = new AdviceBook({ ...args, name: "index-advice", rules: [missingIndex] });
    this.#startedMs = host.clock.monotonicMs();
    this.#answers = new LRUCache({ ...atMost(mostAnswers), ...forgottenAfter(answerTtlMs, host.clock) });
  }

  skips(database: string): boolean {
    const changes = this.#scans.changes(database);
    const last = this.#looks.get(database);
    if (last === undefined) return changes === 0;
    return last.changes === changes && this.#host.clock.monotonicMs() - last.atMs < this.#adviceIntervalMs;
  }

  async run(visit: Visit): Promise<void> {
    const { database, connection, capabilities, signal } = visit;
    const look = { changes: this.#scans.changes(database), atMs: this.#host.clock.monotonicMs() };
    const statements = this.#scans.of(database);
    const open = await this.#book.open(database);
    const plans = new PlanSession({ connection, versionNumber: capabilities.versionNumber });
    await plans.start(signal);
    const names = namesIn(statements);
    const columns = await scannedColumns(
      {
        connection,
        leastRows,
        relations: [...names.relations, ...open.flatMap(({ relation }) => relation ?? [])],
        columns: [...names.columns, ...open.flatMap(firstColumn)],
      },
      signal,
    );
    const hypothetical = await HypotheticalIndexes.find({ connection, plans }, signal);
    const proposals = proposalsFor(statements, columns);
    if (hypothetical !== undefined) await this.#ask(hypothetical, { database, proposals, signal });
    const found = proposals.flatMap((proposal) => this.#adviceOn(database, proposal, hypothetical !== undefined));
    const kept = open.filter((advice) => this.#stillHolds(advice, { found, statements, columns }));
    await this.#book.tell(visit, {
      ...{ place: database, database, asked: new Set([missingIndex.id]) },
      attributes: adviceAttributes(database),
      found: [...found.slice(0, mostTold), ...kept],
    });
    this.#looks.set(database, look);
  }

  close(): Promise<void> {
    return this.#book.close();
  }

  /** Asks about those that hypopg has not said anything of yet, as far as one look goes. */
  async #ask(
    hypothetical: HypotheticalIndexes,
    args: { readonly database: string; readonly proposals: readonly IndexProposal[]; readonly signal: AbortSignal },
  ): Promise<void> {
    const { database, proposals, signal } = args;
    const unanswered = proposals.filter((proposal) => this.#answers.get(nameOf(database, proposal)) === undefined);
    for (const proposal of unanswered.slice(0, mostAsked)) {
      const [{ query, userId, role }] = proposal.statements;
      // An index of a partitioned table is one of each partition, and hypopg knows them one by one.
      const askable = query !== undefined && !proposal.partitioned;
      const createIndex = `CREATE INDEX ON ${proposal.target}`;
      const answer = askable
        ? await hypothetical.gain({ createIndex, statement: { query, userId, role } }, signal)
        : undefined;
      this.#answers.set(nameOf(database, proposal), answer ?? "unknown");
    }
  }

  /** What is told; nothing while hypopg is still to be asked, or when it says that the index is of no use. */
  #adviceOn(database: string, proposal: IndexProposal, asks: boolean): readonly Advice[] {
    const answer = asks ? this.#answers.get(nameOf(database, proposal)) : "unknown";
    if (answer === undefined || answer === "useless") return [];
    const { schema, relation, columns, rows, selectivity, statements, target, partitioned } = proposal;
    const evidence = { rows, selectivity, statements: statements.length, mean_seconds: statements[0].meanMs / 1000 };
    const advice = {
      rule: missingIndex.id,
      object: clean(objectOf(proposal)),
      schema: clean(schema),
      relation: clean(relation),
      columns: clean(columns.join(", ")),
      queryId: statements[0].queryId,
      // Indexes of a partitioned table cannot be built beside writes.
      sql: clean(`CREATE INDEX${partitioned ? "" : " CONCURRENTLY"} ON ${target};`),
    };
    if (answer === "unknown") return [{ ...advice, evidence }];
    const { costBefore, costAfter, bytes } = answer;
    const gain = 1 - costAfter / costBefore;
    if (gain < leastGain) return [];
    const asked = { cost_before: costBefore, cost_after: costAfter, gain_share: gain };
    return [{ ...advice, evidence: { ...evidence, ...asked, ...(bytes === undefined ? {} : { index_bytes: bytes }) } }];
  }

  /**
   * Whether an advice from before a restart holds whose statement has not been seen again since: as long as there is no
   * such index, and the statement may still come.
   */
  #stillHolds(
    advice: OpenAdvice,
    now: {
      readonly found: readonly Advice[];
      readonly statements: readonly ScanningStatement[];
      readonly columns: readonly ScannedColumn[];
    },
  ): boolean {
    if (now.found.some(({ object }) => object === advice.object)) return false;
    if (now.statements.some(({ queryId }) => queryId === advice.queryId)) return false;
    if (this.#host.clock.monotonicMs() - this.#startedMs >= scansRememberedMs) return false;
    const [first] = firstColumn(advice);
    return now.columns.some(({ schema, relation, root, column, indexed }) => {
      const table = root ?? { schema, relation };
      return table.schema === advice.schema && table.relation === advice.relation && column === first && !indexed;
    });
  }
}

function firstColumn({ columns }: Advice): readonly string[] {
  return columns?.split(", ").slice(0, 1) ?? [];
}

/** The answer is one about the statement that is worst off. */
function nameOf(database: string, proposal: IndexProposal): string {
  return JSON.stringify([database, proposal.target, proposal.statements[0].queryId]);
}
