import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, metricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { type Baseline, JoinedBaseline, type PollResult } from "@dbintel/polling";
import type { StatementGuard } from "@dbintel/watching";
import { platformTraits } from "../connection/platforms.ts";
import {
  databaseProblem,
  digestConsumerOff,
  digestCountsWrong,
  type ProblemContext,
  performanceSchemaOff,
  tooManyStatements,
} from "../connection/problems.ts";
import type { PlanCollector, SampleReader, StatementPlans } from "../plans/plan-collector.ts";
import type { StatementName } from "../plans/statement-name.ts";
import { type Instance, instanceResource, receiverScope } from "../resource.ts";
import { mostStatements } from "./digest-table.ts";
import { IntervalReader } from "./interval-reader.ts";
import { addLatency, type StatementLatency } from "./latency/latency.ts";
import { OwnStatements } from "./own-statements.ts";
import { askPart, type PollQuestions } from "./poll-part.ts";
import type { PreparedStatements } from "./prepared/prepared-statements.ts";
import { callsIndex, timeIndex } from "./statement-columns.ts";
import type { StatementInterval } from "./statement-interval.ts";
import { addLedgerMetrics, type LedgerState, withPoll } from "./statement-ledger.ts";
import type { StatementReading, StatementSource } from "./statement-source.ts";
import { StatementTexts } from "./statement-texts.ts";
import { storedTexts } from "./stored-texts.ts";
import { addTopQueryEvents } from "./top-query-events.ts";
import { type Selection, selectTop } from "./top-statements.ts";

/** What the guard of the receiver gives to each poll. */
interface GuardedPollArgs {
  readonly signal: AbortSignal;
  readonly guard: StatementGuard;
}

/** What one poll works with. */
type Asked = StatementInterval & PollQuestions;

/** What is to be reported, and how the statements of it are named that have a name. */
interface Chosen {
  readonly selection: Selection;
  readonly names: readonly StatementName[];
}

export interface StatementPollOptions {
  readonly host: Host;
  readonly source: StatementSource;
  readonly instance: Instance;
  readonly context: ProblemContext;
  /** How many statements get an event of their own by execution time. */
  readonly limit: number;
  /** Gets the plans of what is reported; absent, events tell none. */
  readonly plans?: PlanCollector | undefined;
  /** Reads how long executions took; absent, no metric tells it. */
  readonly latency?: StatementLatency | undefined;
  /** Reads what the summary leaves out of what was prepared. */
  readonly prepared: PreparedStatements;
  /** What was remembered longer ago is not compared with after a restart. Default 1 h. */
  readonly checkpointMaxAgeMs?: number;
  /** Whether statements of this schema are reported; `null` for those of sessions without one. */
  readonly reportsSchema: (schema: string | null) => boolean;
}

/** The class of what statements are named by. */
const textClass = "texts";
const standardCheckpointAgeMs = 3_600_000;

/** Polls the summary of statements and makes events of what happened since the last poll. */
export class StatementPoll {
  readonly #options: StatementPollOptions;
  /** What was committed of the last readings, kept over a restart. */
  readonly baseline: Baseline;
  readonly #intervals: IntervalReader;
  readonly #texts: StatementTexts;
  readonly #own = new OwnStatements();
  #ledger: LedgerState | undefined;

  constructor(options: StatementPollOptions) {
    this.#options = options;
    const { host, limit, source, checkpointMaxAgeMs: maxAgeMs = standardCheckpointAgeMs } = options;
    this.#intervals = new IntervalReader({ host, source, maxAgeMs });
    const { latency, prepared } = options;
    this.baseline = new JoinedBaseline({
      summary: this.#intervals.checkpoint,
      ...(latency && { latency: latency.memory }),
      prepared: prepared.memory,
    });
    this.#texts = new StatementTexts({
      clock: host.clock,
      limit: 10 * limit + 1000,
      savings: () => host.shared(feedback).savings,
    });
  }

  async poll({ signal, guard }: GuardedPollArgs): Promise<PollResult> {
    const { host, source, context, instance, latency, prepared } = this.#options;
    const problems: DbintelError[] = [];
    try {
      const capabilities = await source.capabilities(signal);
      if (!capabilities.performanceSchema) return { batches: [], problems: [performanceSchemaOff(context.endpoint)] };
      const interval = await this.#intervals.next(signal);
      const { reading } = interval;
      const { forgetsConsumers, wrongDigestCounts = [] } = platformTraits(capabilities.platform);
      if (!reading.counting) problems.push(digestConsumerOff(context.endpoint, forgetsConsumers));
      const isWrong = wrongDigestCounts.some((version) => capabilities.version.startsWith(version));
      if (isWrong) problems.push(digestCountsWrong(context.endpoint));
      if (reading.table.truncated) problems.push(tooManyStatements(context.endpoint, mostStatements));
      const asked: Asked = { ...interval, connection: source.connection, problems, guard, signal };
      this.#own.note(interval);
      const selection = this.#select(interval);
      const chosen: Chosen = { selection, names: namesOf(reading, selection.top) };
      const executed = await prepared.read(asked);
      const distributions = await latency?.read({ ...asked, top: selection.top });
      // Its look at the samples brings texts along.
      const plans = await this.#plans({ ...asked, ...chosen });
      await this.#fetchTexts({ ...asked, ...chosen });
      const resource = instanceResource(instance, capabilities);
      const scope = receiverScope(host.build, capabilities);
      const logs = logsBuilder().resource(resource).scope(scope);
      const observedUnixNano = host.clock.unixNano();
      const { startMicros } = interval;
      addTopQueryEvents(logs, {
        ...{ reading, selection, prepared: executed, plans, texts: this.#texts, startMicros, observedUnixNano },
      });
      const metrics = metricsBuilder().resource(resource).scope(scope);
      const ledger = withPoll(this.#ledger, reading, interval.deltas.ledger);
      addLedgerMetrics(metrics, reading, ledger);
      this.#own.addTo(metrics, interval);
      if (distributions !== undefined) addLatency(metrics, distributions);
      return {
        batches: [logs.build(), metrics.build()],
        problems,
        commit: () => {
          this.#intervals.commit(interval);
          this.#ledger = ledger;
          this.#texts.markSent(chosen.names.map(({ digest }) => digest));
          if (executed !== undefined) prepared.commit(executed);
          if (distributions !== undefined) latency?.commit(distributions);
        },
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  async #plans(args: Asked & Chosen): Promise<StatementPlans | undefined> {
    const { reading, selection, names, signal } = args;
    const { plans, source } = this.#options;
    if (plans === undefined) return undefined;
    const candidates = selection.top.flatMap(({ row, values }) => {
      const { schema, digest } = reading.table.key(row);
      const [calls = 0n, picoseconds = 0n] = [values[callsIndex], values[timeIndex]];
      const meanMs = calls === 0n ? 0 : Number(picoseconds) / 1e9 / Number(calls);
      return digest === null ? [] : [{ schema, digest, meanMs }];
    });
    const { product } = reading.capabilities;
    const samples: SampleReader = async (statements) => {
      const wanted = { texts: this.#texts.missing(names), samples: statements, product };
      const stored = await storedTexts(source.connection, wanted, signal);
      this.#texts.learn(stored.texts, product);
      return stored.samples;
    };
    return await plans.collect({ ...args, candidates, samples });
  }

  /** Chooses what to report. */
  #select({ reading, deltas }: StatementInterval): Selection {
    const { host, reportsSchema } = this.#options;
    const { table } = reading;
    const limit = Math.ceil(this.#options.limit * host.shared(feedback).savings.topQueryFactor);
    const excluded = (row: number) => {
      const { schema, digest } = table.key(row);
      return this.#own.has(schema, digest) || !reportsSchema(schema);
    };
    return selectTop({ table, deltas, limit, excluded });
  }

  /** Makes sure that the texts of what is reported are known as far as they can be. */
  async #fetchTexts(args: Asked & Chosen): Promise<void> {
    const { reading, names, signal } = args;
    const { source, context } = this.#options;
    const { product } = reading.capabilities;
    await this.#texts.fetch(names, product, (texts) => {
      const work = async () => (await storedTexts(source.connection, { texts, samples: [], product }, signal)).texts;
      return askPart({ questions: args, context, collectorClass: textClass, work });
    });
  }
}

function namesOf({ table }: StatementReading, deltas: readonly { readonly row: number }[]): readonly StatementName[] {
  return deltas.flatMap(({ row }) => {
    const { schema, digest } = table.key(row);
    return digest === null ? [] : [{ schema, digest }];
  });
}
