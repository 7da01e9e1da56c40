import { feedback } from "@dbintel/feedback";
import type { AttributesInit, DistributionPointInit, MetricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { Capabilities } from "../../connection/capabilities.ts";
import type { DatabaseConnection } from "../../connection/connection.ts";
import type { ProblemContext } from "../../connection/problems.ts";
import { type StatementName, statementName } from "../../plans/statement-name.ts";
import { askPart, type PollQuestions } from "../poll-part.ts";
import { Rest } from "../rest.ts";
import { shownSchema } from "../schema-name.ts";
import { timeIndex } from "../statement-columns.ts";
import { type StatementDelta, type StatementDeltas, startOf, totalOf } from "../statement-deltas.ts";
import type { Continuity } from "../statement-epoch.ts";
import { beginningAt, type StatementInterval } from "../statement-interval.ts";
import { exponentialHistogram, type LatencyBuckets } from "./latency-buckets.ts";
import { emptyReading, type LatencyReading, latencyInterval } from "./latency-interval.ts";
import { LatencyMemory } from "./latency-memory.ts";
import { globalHistogram, statementHistograms } from "./latency-source.ts";

/** What is known of latencies after a poll, and what it has to tell. */
export interface PollLatency {
  readonly statements: readonly DistributionPointInit[];
  readonly all: readonly DistributionPointInit[];
  /** What later readings are compared with, by name of statement. */
  readonly readings: ReadonlyMap<string, LatencyReading>;
  readonly allReading: LatencyReading;
}

/** A statement whose histogram is asked for. */
interface Asked extends StatementName {
  readonly name: string;
  readonly delta: StatementDelta;
}

interface LatencyArgs extends StatementInterval, PollQuestions {
  /** Statements that are reported, the most important first. */
  readonly top: readonly StatementDelta[];
}

/** The class of these statements, as the breaker knows it. */
const latencyClass = "histograms";
/** 0.25 % of one core at most. */
const restFactor = 400;
/** Each look-up goes through all statements of the server. */
const statementsAtOnce = 10;
const longestReadingMs = 1000;
/** Of statements that come and go among the top ones. */
const rememberedFactor = 5;

/**
 * How long executions took, as distributions: those of the top statements, and that of all that the server executed. A
 * point covers the time since its histogram was read before, whenever that was, so that none is lost by reading rarely. A
 * statement that is new among the top ones is told from the next reading on, unless all that is counted of it happened
 * since the poll before.
 */
export class StatementLatency {
  readonly #host: Host;
  readonly #context: ProblemContext;
  readonly #limit: number;
  readonly #rest: Rest;
  /** What was committed, kept over a restart. */
  readonly memory: LatencyMemory;

  constructor(options: { readonly host: Host; readonly context: ProblemContext; readonly limit: number }) {
    this.#host = options.host;
    this.#context = options.context;
    this.#limit = options.limit;
    this.#rest = new Rest(options.host.clock, restFactor);
    this.memory = new LatencyMemory(rememberedFactor * options.limit);
  }

  /** `undefined` where the server has no histograms, or is left alone. Nothing of it is remembered before `commit`. */
  async read(args: LatencyArgs): Promise<PollLatency | undefined> {
    if (!hasHistograms(args.reading.capabilities) || this.#host.shared(feedback).savings.essentialsOnly)
      return undefined;
    const work = () => this.#ask(args);
    return await askPart({ questions: args, context: this.#context, collectorClass: latencyClass, work });
  }

  commit({ readings, allReading }: PollLatency): void {
    this.memory.keep({ all: allReading, readings });
  }

  async #ask(args: LatencyArgs): Promise<PollLatency> {
    const { reading, top, connection, signal } = args;
    const allReading = this.#all(args, await globalHistogram(connection, signal));
    const timeUnixNano = reading.epoch.clockMicros * 1000n;
    const all = pointOf({ now: allReading, before: this.#allBefore(args), timeUnixNano });
    const asked = top
      .flatMap((delta): readonly Asked[] => {
        const { schema, digest } = reading.table.key(delta.row);
        return digest === null ? [] : [{ schema, digest, delta, name: statementName({ schema, digest }) }];
      })
      .slice(0, this.#limit);
    const readings = new Map<string, LatencyReading>();
    for (const { name, delta } of asked) {
      const before = this.#before(args, delta, name);
      if (before !== undefined) readings.set(name, before);
    }
    const statements: DistributionPointInit[] = [];
    if (asked.length > 0 && this.#rest.isOver) {
      const { coldIntervalFactor } = this.#host.shared(feedback).savings;
      const sinceMicros = ({ name }: Asked) => Number(readings.get(name)?.micros ?? 0n);
      const longestWaiting = asked.toSorted((a, b) => sinceMicros(a) - sinceMicros(b));
      const work = () => this.#histograms(longestWaiting, connection, signal);
      const histograms = await this.#rest.after(work, coldIntervalFactor);
      for (const { name, schema, digest, delta } of asked) {
        const buckets = histograms.get(name);
        if (buckets === undefined) continue;
        const picoseconds = reading.table.value(delta.row, timeIndex);
        const now = { ...bare(args, delta), picoseconds, buckets };
        const attributes = { "db.namespace": shownSchema(schema), "db.query.id": digest };
        statements.push(...pointOf({ now, before: readings.get(name), timeUnixNano, attributes }));
        readings.set(name, now);
      }
    }
    return { statements, all, readings, allReading };
  }

  /** Of as many as the time allows; those that are left are told at another reading, for the whole time until then. */
  async #histograms(
    statements: readonly Asked[],
    connection: DatabaseConnection,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, LatencyBuckets>> {
    const { clock } = this.#host;
    const endMs = clock.monotonicMs() + longestReadingMs;
    const found = new Map<string, LatencyBuckets>();
    for (let from = 0; from < statements.length; from += statementsAtOnce) {
      if (from > 0 && clock.monotonicMs() >= endMs) break;
      const some = statements.slice(from, from + statementsAtOnce);
      for (const [name, buckets] of await statementHistograms(connection, some, signal)) found.set(name, buckets);
    }
    return found;
  }

  /** What the histogram of a statement is compared with: nothing counted yet when the statement began since the last poll. */
  #before(args: LatencyArgs, delta: StatementDelta, name: string): LatencyReading | undefined {
    if (delta.kind === "normal") return readBefore(args, this.memory.get(name));
    const { reading, startMicros } = args;
    return emptyReading(bare(args, delta), startOf(delta, { table: reading.table, startMicros }));
  }

  /** Its execution time is counted from one poll to the next. */
  #allBefore(args: LatencyArgs): LatencyReading | undefined {
    if (args.continuity === "restarted") return emptyReading(ofAll(args), args.startMicros);
    const all = readBefore(args, this.memory.all);
    return all && { ...all, picoseconds: 0n };
  }

  /** The execution time is that of all statements in the summary since the poll before. */
  #all(args: LatencyArgs, buckets: LatencyBuckets): LatencyReading {
    const { deltas, startMicros, continuity } = args;
    const sameInterval = this.#allBefore(args)?.micros === startMicros;
    const grown = totalOf(timeIndex, deltas, args.reading.table);
    const picoseconds = sameInterval && isWhole(deltas, continuity) ? grown : undefined;
    return { ...ofAll(args), picoseconds, buckets };
  }
}

/** MariaDB and MySQL 5.7 have none. */
function hasHistograms({ product, version }: Capabilities): boolean {
  return product === "mysql" && Number.parseInt(version, 10) >= 8;
}

/** Whether the differences are all that was counted: nothing was counted and then emptied, nothing has an unknown past. */
function isWhole({ ledger }: StatementDeltas, continuity: Continuity): boolean {
  const { recreated, reset_inferred: reset, vanished, unattributable } = ledger;
  return continuity === "restarted" || recreated + reset + vanished + unattributable === 0;
}

function readBefore(interval: StatementInterval, before: LatencyReading | undefined): LatencyReading | undefined {
  return before && { ...before, micros: beginningAt(interval, before.micros) };
}

function bare(interval: StatementInterval, { row }: StatementDelta) {
  return { ...ofAll(interval), firstSeenMicros: BigInt(interval.reading.table.firstSeenMicros(row)) };
}

function ofAll({ reading, life }: StatementInterval) {
  return { micros: reading.epoch.clockMicros, life, firstSeenMicros: 0n };
}

function pointOf(args: {
  readonly now: LatencyReading;
  readonly before: LatencyReading | undefined;
  readonly timeUnixNano: bigint;
  readonly attributes?: AttributesInit;
}): readonly DistributionPointInit[] {
  const { timeUnixNano, attributes = {} } = args;
  const interval = latencyInterval(args.now, args.before);
  if (interval === undefined || interval.buckets.size === 0) return [];
  const { startMicros, buckets, picoseconds } = interval;
  const seconds = picoseconds === undefined ? undefined : Number(picoseconds) / 1e12;
  const value = exponentialHistogram({ buckets, seconds });
  return [{ attributes, timeUnixNano, startTimeUnixNano: startMicros * 1000n, value }];
}

/** `dbintel.mysql.query.duration` of each statement, and `dbintel.mysql.statements.duration` of all together. */
export function addLatency(metrics: MetricsBuilder, { statements, all }: PollLatency): void {
  const common = { unit: "s", temporality: "delta" } as const;
  if (statements.length > 0) {
    const description = "How long each execution of a statement took";
    metrics.exponentialHistogram({ name: "dbintel.mysql.query.duration", description, ...common }, statements);
  }
  if (all.length > 0) {
    const description = "How long each execution of any statement took, the collector's own included";
    metrics.exponentialHistogram({ name: "dbintel.mysql.statements.duration", description, ...common }, all);
  }
}
