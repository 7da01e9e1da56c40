import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, metricsBuilder, type ResourceInit } from "@dbintel/pdata";
import { forgottenAfter, type Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { atMost, intervalStart, type OwnTime, ownTime, type StatementGuard } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import { platformTraits } from "../connection/platforms.ts";
import {
  databaseProblem,
  othersHidden,
  type ProblemContext,
  queryIdsOff,
  textsTooLarge,
  tooManyStatements,
} from "../connection/problems.ts";
import type { PlanCollector } from "../plans/plan-collector.ts";
import type { StatementPlans } from "../plans/statement-plans.ts";
import { receiverScope } from "../resource.ts";
import { StatementCheckpoint } from "./checkpoint.ts";
import type { QueryMetrics } from "./query-metrics.ts";
import { counterIndex, type StatementColumn } from "./statement-columns.ts";
import { deltaKinds, type StatementDeltas } from "./statement-deltas.ts";
import { StatementLedger } from "./statement-ledger.ts";
import { StatementMemory } from "./statement-memory.ts";
import type { StatementReading, StatementSource } from "./statement-source.ts";
import { StatementTexts, statementName } from "./statement-texts.ts";
import { addTopQueryEvents, topQueryUnits } from "./top-query-events.ts";
import { type Selection, selectTop } from "./top-statements.ts";

/** What the guard of the receiver gives to each poll. */
interface GuardedPollArgs {
  readonly signal: AbortSignal;
  readonly guard: StatementGuard;
}

export interface StatementPollOptions {
  readonly host: Host;
  readonly source: StatementSource;
  readonly resource: ResourceInit;
  readonly context: ProblemContext;
  /** How many statements get an event of their own by execution time. */
  readonly limit: number;
  /** Gets the plans of what is reported; absent, events tell none. */
  readonly plans?: PlanCollector | undefined;
  /** Whether top statements get events; without, neither texts nor plans are asked for. Default true. */
  readonly events?: boolean;
  /** Absent: none. */
  readonly queryMetrics?: QueryMetrics | undefined;
  /** What was remembered longer ago is not compared with after a restart. Default 1 h. */
  readonly checkpointMaxAgeMs?: number;
  /** Whether statements of this database are reported. */
  readonly reportsDatabase: (name: string) => boolean;
}

const ownEntries = {
  name: "dbintel.postgresql.statements.own",
  description: "Entries that are the collector's own statements; 0 where the server need not record them",
  unit: "{entries}",
};

/** The class of what statements are named by: texts and roles. */
const textClass = "texts";
const roleNames = 1000;
const standardCheckpointAgeMs = 3_600_000;
const roleTimeToLiveMs = 300_000;

/** Polls pg_stat_statements and makes events of what happened since the last poll. */
export class StatementPoll {
  /** What is remembered, for keeping it over a restart. */
  readonly checkpoint: StatementCheckpoint;
  readonly #options: StatementPollOptions;
  readonly #memory = new StatementMemory();
  readonly #ledger = new StatementLedger();
  readonly #texts: StatementTexts;
  readonly #roles: LRUCache<number, string>;
  /** The names of the statements that had an event of their own at the last poll. */
  #selected: ReadonlySet<string> = new Set();
  /** When the last reading of this process that was committed was asked for. */
  #readAt: OwnTime | undefined;
  /** Whether entries of the collector's user may be the collector's own without being known as such. */
  #ownUnknown = true;

  constructor(options: StatementPollOptions) {
    this.#options = options;
    const { host, source, checkpointMaxAgeMs: maxAgeMs = standardCheckpointAgeMs } = options;
    const identity = () => source.capabilities?.systemIdentifier;
    this.checkpoint = new StatementCheckpoint({ host, memory: this.#memory, identity, maxAgeMs });
    const { clock } = host;
    const plans = options.plans?.texts;
    const savings = () => host.shared(feedback).savings;
    this.#texts = new StatementTexts({ clock, limit: 10 * options.limit + 1000, savings, keep: plans?.keep });
    this.#roles = new LRUCache({ ...atMost(roleNames), ...forgottenAfter(roleTimeToLiveMs, clock) });
  }

  /** Has the counters of its own begin anew. */
  forget(): void {
    this.#ledger.forget();
    this.#options.queryMetrics?.forget();
  }

  async poll({ signal, guard }: GuardedPollArgs): Promise<PollResult> {
    const { host, source, context, resource, events = true, queryMetrics } = this.#options;
    const problems: DbintelError[] = [];
    try {
      const asked = ownTime(host.clock);
      const reading = await source.read(this.#memory.last, signal);
      this.checkpoint.verify(reading);
      const startMicros = this.#intervalStart(reading, asked);
      const deltas = this.#memory.compare(reading);
      if (reading.table.hidden > 0) problems.push(othersHidden(context));
      if (reading.table.omitted > 0) problems.push(tooManyStatements(context));
      if (source.capabilities?.computesQueryIds === false) problems.push(queryIdsOff(context));
      const selection = await this.#select({ reading, deltas, problems, guard, signal });
      const plans = events ? await this.#plans({ reading, deltas, selection, problems, guard, signal }) : undefined;
      const version = source.capabilities?.version;
      const scope = receiverScope(host.build, version);
      const units = { "db.version": version, "dbintel.units": topQueryUnits };
      const logs = logsBuilder()
        .resource(resource)
        .scope({ ...scope, attributes: units });
      if (events) {
        addTopQueryEvents(logs, {
          reading,
          deltas,
          selection,
          texts: this.#texts,
          plans,
          roles: this.#roles,
          ...{ memory: this.#memory, startMicros },
          wrongUtilityIoTimes: platformTraits(source.capabilities?.platform).wrongUtilityIoTimes ?? false,
          observedUnixNano: host.clock.unixNano(),
        });
      }
      const metrics = metricsBuilder().resource(resource).scope(scope);
      const ledger = this.#ledger.after({ reading, deltas, previous: this.#memory.last });
      ledger.addTo(metrics);
      metrics.gauge(ownEntries, [{ timeUnixNano: reading.epoch.clockMicros * 1000n, value: this.#ownEntries }]);
      const role = (userId: number) => this.#roles.get(userId);
      const series = queryMetrics?.after({ reading, deltas, selection, previousMicros: startMicros, role });
      series?.addTo(metrics);
      return {
        batches: [logs.build(), metrics.build()],
        problems,
        commit: () => {
          const keys = selection.top.map((line) => reading.table.key(deltas.rows[line] ?? -1));
          this.#selected = new Set(keys.map(statementName));
          this.#texts.markSent(keys);
          this.#memory.commit(reading, deltas);
          this.#readAt = asked;
          this.#ledger.commit(ledger);
          if (series !== undefined) queryMetrics?.commit(series);
        },
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** When the interval began that a reading ends, by the database's clock as it is now. */
  #intervalStart({ epoch: { clockMicros } }: StatementReading, asked: OwnTime): bigint {
    const { last } = this.#memory;
    if (last === undefined) return clockMicros;
    return intervalStart({ clockMicros: last.epoch.clockMicros, own: this.#readAt }, { clockMicros, own: asked });
  }

  /** Chooses what to report and makes sure that its texts and roles are known as far as they can be. */
  async #select(args: {
    readonly reading: StatementReading;
    readonly deltas: StatementDeltas;
    readonly problems: DbintelError[];
    readonly guard: StatementGuard;
    readonly signal: AbortSignal;
  }): Promise<Selection> {
    const { reading, deltas, problems, guard, signal } = args;
    const { host, source, context, reportsDatabase } = this.#options;
    const limit = Math.ceil(this.#options.limit * host.shared(feedback).savings.topQueryFactor);
    const { table, databases } = reading;
    const excludedDatabases = new Set(
      [...databases].filter(([, { name }]) => !reportsDatabase(name)).map(([databaseId]) => databaseId),
    );
    const providers = source.capabilities?.providerUserIds;
    const select = () =>
      selectTop({
        ...{ current: table, previous: this.#memory.last?.table, deltas, limit },
        excluded: (row) =>
          excludedDatabases.has(table.databaseId(row)) ||
          (providers?.has(table.userId(row)) ?? false) ||
          this.#isOwn(reading, row),
        selectedBefore: (row) => this.#selected.has(statementName(table.key(row))),
      });
    const keyOf = (line: number) => table.key(deltas.rows[line] ?? -1);
    const first = select();
    try {
      // One reading for both: after it the server rests.
      const named = this.#options.events === false ? [] : first.top.map(keyOf);
      const wanted = { keys: named, ownUserId: this.#ownUser(reading, deltas) };
      const { asked } = await this.#texts.fetch(wanted, async (request) => {
        const work = async () => {
          await source.texts(request, signal);
          return true;
        };
        return (await guard.ask({ collectorClass: textClass, cold: true, work })) ?? false;
      });
      if (asked) this.#ownUnknown = false;
      const users = [...new Set(first.top.map((line) => keyOf(line).userId))].filter((id) => !this.#roles.has(id));
      if (users.length > 0) {
        const work = () => source.roles(users, signal);
        const names = await guard.ask({ collectorClass: textClass, cold: true, work });
        for (const [id, name] of names ?? []) this.#roles.set(id, name);
      }
    } catch (error) {
      // Without texts the numbers are still worth having; the texts are asked for again at the next poll.
      signal.throwIfAborted();
      const problem = databaseProblem(error, context);
      problems.push(/statement timeout/.test(problem.message) ? textsTooLarge(context) : problem);
    }
    return source.trackedUserId === undefined ? first : select();
  }

  /** Asks for the plans of the selected statements that ran, in their order. */
  async #plans(args: {
    readonly reading: StatementReading;
    readonly deltas: StatementDeltas;
    readonly selection: Selection;
    readonly problems: DbintelError[];
    readonly guard: StatementGuard;
    readonly signal: AbortSignal;
  }): Promise<StatementPlans | undefined> {
    const { reading, deltas, selection, ...rest } = args;
    const { source, plans } = this.#options;
    const versionNumber = source.capabilities?.versionNumber;
    if (plans === undefined || versionNumber === undefined) return undefined;
    const { shape } = reading.table;
    const value = (line: number, column: StatementColumn) =>
      deltas.values[line * shape.counters.length + counterIndex(shape, column)] ?? 0;
    const candidates = selection.top.flatMap((line) => {
      const key = reading.table.key(deltas.rows[line] ?? -1);
      const database = reading.databases.get(key.databaseId)?.name;
      const calls = value(line, "calls");
      if (database === undefined || calls === 0) return [];
      return [{ key, database, role: this.#roles.get(key.userId), meanMs: value(line, "total_exec_time") / calls }];
    });
    return plans.collect({ candidates, versionNumber, ...rest });
  }

  /** The collector's user, where an entry of it may be one of the collector's own statements and is not known yet. */
  #ownUser({ table }: StatementReading, deltas: StatementDeltas): number | undefined {
    const userId = this.#options.source.trackedUserId;
    for (let line = 0; line < deltas.count && userId !== undefined && !this.#ownUnknown; line++) {
      const row = deltas.rows[line] ?? -1;
      if (table.userId(row) !== userId || deltaKinds[deltas.kinds[line] ?? 0] === "normal") continue;
      const key = table.key(row);
      this.#ownUnknown = !this.#texts.isOwn(key) && this.#texts.get(key) === undefined;
    }
    return this.#ownUnknown ? userId : undefined;
  }

  get #ownEntries(): bigint {
    return this.#options.source.trackedUserId === undefined ? 0n : BigInt(this.#texts.ownCount);
  }

  #isOwn({ table }: StatementReading, row: number): boolean {
    return this.#options.source.trackedUserId === table.userId(row) && this.#texts.isOwn(table.key(row));
  }
}
