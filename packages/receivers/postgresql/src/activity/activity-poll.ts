import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, type ResourceInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { blockingForest } from "@dbintel/waits";
import type { StatementGuard } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import type { ConnectionSettings } from "../connection/connection.ts";
import { databaseProblem, othersHidden, type ProblemContext } from "../connection/problems.ts";
import { receiverScope } from "../resource.ts";
import { ActivitySource, type WaitReading, waitsForLock } from "./activity-source.ts";
import type { LockWait } from "./lock-wait.ts";
import { RelationNames } from "./relation-names.ts";
import { addQuerySamples } from "./sample-events.ts";
import { type ActiveSession, SampleMemory } from "./sample-memory.ts";
import type { Session } from "./session.ts";

export interface ActivityPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  /** How to reach the other databases of the server. */
  readonly settings: ConnectionSettings;
  readonly resource: ResourceInit;
  readonly context: ProblemContext;
  /** Sessions that are looked at. */
  readonly limit: number;
  /** Time between two polls. */
  readonly intervalMs: number;
  /** Whether sessions of this database are reported. */
  readonly reportsDatabase: (name: string) => boolean;
}

/** The classes of the statements that look at locks, and for names of tables, as the breaker knows them. */
const lockClass = "lock_waits";
const nameClass = "relation_names";
const nobodyWaits: WaitReading = { waits: [], blockers: [] };

/** Polls pg_stat_activity and makes events of what sessions do and whom they wait for. */
export class ActivityPoll {
  readonly #options: ActivityPollOptions;
  readonly #source: ActivitySource;
  readonly #memory: SampleMemory;
  readonly #names: RelationNames;
  #lastMicros: bigint | undefined;

  constructor(options: ActivityPollOptions) {
    this.#options = options;
    this.#source = new ActivitySource(options.server);
    this.#memory = new SampleMemory(options);
    this.#names = new RelationNames({ clock: options.host.clock, settings: options.settings });
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { host, server, context, resource, limit } = this.#options;
    const { signal, guard } = args;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    const problems: DbintelError[] = [];
    try {
      const reading = await this.#source.sessions({ sinceMicros: this.#lastMicros, limit, signal });
      const { version, readsAllActivity } = await server.capabilities(signal);
      if (!readsAllActivity) problems.push(othersHidden(context));
      const { clockMicros } = reading;
      if (clockMicros === undefined) return { batches: [], problems };
      const { waits, blockers } = await this.#waits({ sessions: reading.sessions, problems, guard, signal });
      const sessions = [...reading.sessions, ...blockers];

      const byPid = new Map(sessions.map((session) => [session.pid, session]));
      const waitingSince = (wait: LockWait) => {
        const session = byPid.get(wait.pid);
        return session === undefined ? clockMicros : this.#memory.waitingSince(session, wait, clockMicros);
      };
      const forest = blockingForest(waits.flatMap((wait) => edgesOf(wait, clockMicros - waitingSince(wait))));
      const selection = this.#memory.select(this.#activeSessions(sessions, waits), clockMicros);
      const logs = logsBuilder().resource(resource).scope(receiverScope(host.build, version));
      addQuerySamples(logs, {
        reported: selection.reported.map((one) => ({ ...one, waitingSinceMicros: one.wait && waitingSince(one.wait) })),
        forest,
        sessionIdOf: (pid) => byPid.get(pid)?.id,
        clockMicros,
        observedUnixNano: host.clock.unixNano(),
      });
      return {
        batches: selection.reported.length === 0 ? [] : [logs.build()],
        problems,
        commit: () => {
          this.#memory.commit(selection);
          this.#lastMicros = clockMicros;
        },
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** Without it the sessions are still worth having. */
  async #waits(args: {
    readonly sessions: readonly Session[];
    readonly problems: DbintelError[];
    readonly guard: StatementGuard;
    readonly signal: AbortSignal;
  }): Promise<WaitReading> {
    const { sessions, problems, guard, signal } = args;
    if (!sessions.some(waitsForLock)) return nobodyWaits;
    let reading = nobodyWaits;
    try {
      const askLocks = () => this.#source.waits(sessions, signal);
      reading = (await guard.ask({ collectorClass: lockClass, cold: true, work: askLocks })) ?? nobodyWaits;
      const places = reading.waits.map(({ elsewhere }) => elsewhere).filter((place) => place !== undefined);
      const askNames = () => this.#names.fetch(places, signal);
      if (places.some((place) => this.#names.misses(place))) {
        await guard.ask({ collectorClass: nameClass, cold: true, work: askNames });
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isDbintelError(error)) throw error;
      problems.push(error);
    }
    return { ...reading, waits: reading.waits.map((wait) => this.#named(wait)) };
  }

  #named(wait: LockWait): LockWait {
    const relation = wait.elsewhere && this.#names.get(wait.elsewhere);
    return relation === undefined ? wait : { ...wait, relation };
  }

  #activeSessions(sessions: readonly Session[], waits: readonly LockWait[]): readonly ActiveSession[] {
    const blocking = new Set(waits.flatMap(({ blockers }) => blockers));
    const waiting = new Map(waits.map((wait) => [wait.pid, wait]));
    return sessions
      .filter(({ database }) => database === undefined || this.#options.reportsDatabase(database))
      .map((session) => ({ session, wait: waiting.get(session.pid), blocks: blocking.has(session.pid) }));
  }
}

/** A session that waits for several waits as long for each. */
function edgesOf({ pid, mode, relation, blockers }: LockWait, waitedMicros: bigint) {
  const seconds = Number(waitedMicros) / 1e6;
  return blockers.map((blocker) => ({
    blocked: String(pid),
    blocker: String(blocker),
    seconds,
    lockMode: mode,
    relation,
  }));
}
