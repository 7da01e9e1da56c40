import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, metricsBuilder, type ResourceInit } from "@dbintel/pdata";
import { type Host, Snapshot } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import type { StatementGuard } from "@dbintel/watching";
import type { RelationNames } from "../activity/relation-names.ts";
import type { KnownServer } from "../connection/capabilities.ts";
import { marker } from "../connection/connection.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import type { LoggedPlans } from "../plans/logged-plans.ts";
import { receiverScope } from "../resource.ts";
import type { LogEntry } from "./log-entry.ts";
import { addLogEvents, type ReadEntry, readEntry } from "./log-events.ts";
import { type LogBookmark, LogFollower, type LogReading } from "./log-follower.ts";
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
  /** Whether what is logged of this database is reported. */
  readonly reportsDatabase: (name: string) => boolean;
}

/** A log that could not be read is looked for again after this. */
const restMs = 300_000;
const nameClass = "relation_names";

/** Reads the server's log and makes events and counters of it. */
export class LogPoll {
  readonly #options: LogPollOptions;
  readonly #source: LogSource;
  readonly #follower: LogFollower;
  readonly #templates = new MessageTemplates();
  readonly #snapshot: Snapshot;
  #bookmark: LogBookmark | undefined;
  #loaded = false;
  #totals = LogTotals.none;
  #sinceUnixNano: bigint | undefined;
  #restUntilMs = Number.NEGATIVE_INFINITY;
  #absence: DbintelError | undefined;

  constructor(options: LogPollOptions) {
    this.#options = options;
    this.#source = new LogSource(options);
    this.#follower = new LogFollower(options);
    this.#snapshot = new Snapshot({
      host: options.host,
      name: "server_log",
      loss: "the server's log is read on from its end",
      take: () => Buffer.from(JSON.stringify(this.#bookmark ?? null)),
      restore: (bytes) => {
        const known = bookmarkIn(bytes);
        this.#bookmark = known;
        return known !== undefined;
      },
    });
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { host, context } = this.#options;
    const { signal, guard } = args;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    if (host.clock.monotonicMs() < this.#restUntilMs) return this.#absent(this.#absence);
    try {
      if (!this.#loaded) await this.#snapshot.load();
      this.#loaded = true;
      const { version } = await this.#options.server.capabilities(signal);
      const log = await this.#source.open(signal);
      if (log === "absent") return this.#absent(noLogFile(context));
      if (log === "denied") return this.#absent(logNotReadable(context));
      const reading = await this.#follower.read({ ...log, bookmark: this.#bookmark, signal });
      const read = reading.entries.filter((entry) => this.#reports(entry)).map(readEntry);
      const problems = await this.#fetchNames(read, guard, signal);
      return { ...this.#result(read, reading, version), problems };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  #result(read: readonly ReadEntry[], reading: LogReading, version: string): PollResult {
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
    this.#sinceUnixNano ??= observedUnixNano;
    totals.addTo(metrics, { startTimeUnixNano: this.#sinceUnixNano, timeUnixNano: observedUnixNano });
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
        this.#bookmark = reading.bookmark;
        // A kill loses the place of the last poll at most: then its entries are read twice.
        void this.#snapshot.save();
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

/** `undefined` for what is no bookmark. */
function bookmarkIn(bytes: Uint8Array): LogBookmark | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (typeof value !== "object" || value === null) return undefined;
    const { file, offset, anchor, modifiedMs, seeking } = Object.fromEntries(Object.entries(value));
    if (typeof file !== "string" || typeof anchor !== "string" || typeof modifiedMs !== "number") return undefined;
    if (typeof offset !== "number" || !Number.isSafeInteger(offset) || offset < 0) return undefined;
    return { file, offset, anchor, modifiedMs, seeking: seeking === true };
  } catch {
    return undefined;
  }
}
