import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, metricsBuilder, type ResourceInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { KeptReading, type PollResult } from "@dbintel/polling";
import type { StatementGuard } from "@dbintel/watching";
import { z } from "zod";
import type { RelationNames } from "../activity/relation-names.ts";
import type { KnownServer } from "../connection/capabilities.ts";
import { marker } from "../connection/connection.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import type { LoggedPlans } from "../plans/logged-plans.ts";
import { receiverScope } from "../resource.ts";
import type { LogEntry } from "./log-entry.ts";
import { addLogEvents, type ReadEntry, readEntry } from "./log-events.ts";
import { LogFollower, type LogReading } from "./log-follower.ts";
import { LogSource, logNotReadable, noLogFile } from "./log-source.ts";
import { countedState, LogTotals } from "./log-totals.ts";
import { MessageTemplates } from "./message-templates.ts";

export interface LogPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  readonly resource: ResourceInit;
  readonly context: ProblemContext;
  /** Names of tables in deadlocks. */
  readonly names: RelationNames;
  /** Where plans of auto_explain go beside their events. */
  readonly loggedPlans: LoggedPlans;
  /** Whether a log that cannot be read is a problem. */
  readonly required: boolean;
  /** On the collector's own machine; `undefined` to read through the server. */
  readonly path: string | undefined;
  /** What one poll may read. */
  readonly mostBytes: number;
  /** A place in the log that was kept longer ago is not gone on from after a restart. Default 1 h. */
  readonly checkpointMaxAgeMs?: number;
  /** Whether what is logged of this database is reported. */
  readonly reportsDatabase: (name: string) => boolean;
}

/** A log that could not be read is looked for again after this. */
const restMs = 300_000;
const nameClass = "relation_names";
const standardCheckpointAgeMs = 3_600_000;

/** How far the log was read; `null` where there was none. */
const bookmark = z
  .object({
    file: z.string(),
    offset: z.int().nonnegative(),
    anchor: z.string(),
    modifiedMs: z.number(),
    seeking: z.boolean(),
  })
  .nullable();

/** Reads the server's log and makes events and counters of it. */
export class LogPoll {
  /** How far it has read, kept over a restart. */
  readonly place: KeptReading<z.output<typeof bookmark>>;
  readonly #options: LogPollOptions;
  readonly #source: LogSource;
  readonly #follower: LogFollower;
  readonly #templates = new MessageTemplates();
  /** Since the first look of this process, or of its lease. */
  #totals = LogTotals.none;
  #sinceUnixNano: bigint | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #absence: DbintelError | undefined;

  constructor(options: LogPollOptions) {
    this.#options = options;
    this.#source = new LogSource(options);
    this.#follower = new LogFollower(options);
    const { host, checkpointMaxAgeMs: maxAgeMs = standardCheckpointAgeMs } = options;
    this.place = new KeptReading({ host, form: "postgresql log 1", schema: bookmark, maxAgeMs });
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { host, context } = this.#options;
    const { signal, guard } = args;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    if (host.clock.monotonicMs() < this.#restUntilMs) return this.#absent(this.#absence);
    try {
      const { version, systemIdentifier: identity } = await this.#options.server.capabilities(signal);
      const origin = { identity, clockMicros: host.clock.unixNano() / 1000n };
      const known = await this.place.before(async () => origin);
      if (known === undefined) {
        this.#totals = LogTotals.none;
        this.#sinceUnixNano = undefined;
      }
      this.#sinceUnixNano ??= 1000n * (this.place.clockMicros ?? origin.clockMicros);
      const log = await this.#source.open(signal);
      if (log === "absent") return this.#absent(noLogFile(context));
      if (log === "denied") return this.#absent(logNotReadable(context));
      const reading = await this.#follower.read({ ...log, bookmark: known ?? undefined, signal });
      const read = reading.entries.filter((entry) => this.#reports(entry)).map(readEntry);
      const problems = await this.#fetchNames(read, guard, signal);
      const result = this.#result(read, reading, version);
      const commit = () => {
        result.commit();
        // A kill loses the place of the last poll at most: then its entries are read twice.
        this.place.keep(origin, reading.bookmark ?? null);
      };
      return { ...result, problems, commit };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  #result(read: readonly ReadEntry[], reading: LogReading, version: string) {
    const { host, resource, names, loggedPlans } = this.#options;
    const observedUnixNano = host.clock.unixNano();
    const scope = receiverScope(host.build, version);
    const logs = logsBuilder().resource(resource).scope(scope);
    const relationOf = (database: string | undefined, oid: number) =>
      database === undefined ? undefined : names.get({ database, oid });
    addLogEvents(logs, { read, templates: this.#templates, relationOf, observedUnixNano });
    const totals = this.#totals.after({
      entries: read.map(({ kind, entry }) => ({
        kind,
        database: entry.database,
        sqlState: countedState(entry.severity, entry.sqlState),
      })),
      gaps: reading.gaps,
      bytes: reading.bytes,
    });
    const metrics = metricsBuilder().resource(resource).scope(scope);
    const startTimeUnixNano = this.#sinceUnixNano ?? observedUnixNano;
    totals.addTo(metrics, { startTimeUnixNano, timeUnixNano: observedUnixNano });
    for (const { plan, entry } of read) {
      if (plan?.queryId !== undefined && entry.database !== undefined) {
        loggedPlans.add(entry.database, plan.queryId, plan);
      }
    }
    const events = logs.build();
    return {
      batches: [...(events.count === 0 ? [] : [events]), metrics.build()],
      commit: () => {
        this.#totals = totals;
      },
    };
  }

  /** Of tables that deadlocks name by their oid; without them the oid is told. */
  async #fetchNames(
    read: readonly ReadEntry[],
    guard: StatementGuard,
    signal: AbortSignal,
  ): Promise<readonly DbintelError[]> {
    const { names } = this.#options;
    const places = read.flatMap(({ deadlock, entry: { database } }) =>
      (deadlock?.parties ?? []).flatMap(({ relationOid: oid }) =>
        oid === undefined || database === undefined ? [] : [{ database, oid }],
      ),
    );
    if (!places.some((place) => names.misses(place))) return [];
    try {
      const work = () => names.fetch(places, signal);
      await guard.ask({ collectorClass: nameClass, cold: true, work });
      return [];
    } catch (error) {
      signal.throwIfAborted();
      if (!isDbintelError(error)) throw error;
      return [error];
    }
  }

  #absent(problem: DbintelError | undefined): PollResult {
    const { host, required } = this.#options;
    const nowMs = host.clock.monotonicMs();
    if (problem !== this.#absence) {
      this.#absence = problem;
      this.#restUntilMs = nowMs + restMs;
    }
    return { batches: [], problems: required && problem !== undefined ? [problem] : [] };
  }

  /** Not what the collector itself was told. */
  #reports({ database, statement = "", message }: LogEntry): boolean {
    if (statement.includes(marker) || message.includes(marker)) return false;
    return database === undefined || this.#options.reportsDatabase(database);
  }
}
