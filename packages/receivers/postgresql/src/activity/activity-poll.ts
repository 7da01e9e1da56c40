import { type DbintelError, isDbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, metricsBuilder, type ResourceInit } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { KeptReading, type PollResult } from "@dbintel/polling";
import { BlockedTime, blockedSince, blockingForest, ToldOnce } from "@dbintel/waits";
import {
  addBlocking,
  intervalStart,
  type OwnTime,
  ownTime,
  rememberedLook,
  SampleMemory,
  type StatementGuard,
} from "@dbintel/watching";
import type { z } from "zod";
import type { KnownServer } from "../connection/capabilities.ts";
import { platformTraits } from "../connection/platforms.ts";
import { databaseProblem, othersHidden, type ProblemContext } from "../connection/problems.ts";
import type { Visits } from "../connection/visits.ts";
import { receiverScope } from "../resource.ts";
import { serverClock } from "../visits/server-clock.ts";
import { type ActiveSession, comparedSession } from "./active-session.ts";
import { ActivitySource, type WaitReading, waitsForLock } from "./activity-source.ts";
import { blockingStatement } from "./blocking-statement.ts";
import type { LockWait } from "./lock-wait.ts";
import { type AgeLimits, type LongLasting, longLasting, type PreparedTransaction } from "./long-lasting.ts";
import { addLongLasting } from "./long-lasting-events.ts";
import { RelationNames } from "./relation-names.ts";
import { addQuerySamples } from "./sample-events.ts";
import type { Session } from "./session.ts";

export interface ActivityPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  /** How to reach the other databases of the server. */
  readonly visits: Visits;
  readonly resource: ResourceInit;
  readonly context: ProblemContext;
  /** Whether each session is told. */
  readonly samples: boolean;
  /** From which age on something is told once. */
  readonly ageLimits: AgeLimits;
  /** Sessions that are looked at. */
  readonly limit: number;
  /** Time between two polls. */
  readonly intervalMs: number;
  /** What was seen longer ago is not compared with after a restart. Default 1 h. */
  readonly checkpointMaxAgeMs?: number;
  /** Whether sessions of this database are reported. */
  readonly reportsDatabase: (name: string) => boolean;
}

/** The classes of the statements beside the one for the sessions, as the breaker knows them. */
const lockClass = "lock_waits";
const nameClass = "relation_names";
const preparedClass = "prepared_transactions";
const standardCheckpointAgeMs = 3_600_000;
const nobodyWaits: WaitReading = { waits: [], blockers: [] };

interface PollArgs {
  readonly signal: AbortSignal;
  readonly guard: StatementGuard;
}

/** Polls pg_stat_activity: events of what sessions do and of what lasts too long, metrics of who holds others up. */
export class ActivityPoll {
  /** The last look, kept over a restart. */
  readonly lastLook: KeptReading<z.output<typeof rememberedLook>>;
  readonly #options: ActivityPollOptions;
  readonly #source: ActivitySource;
  readonly #memory: SampleMemory<ActiveSession>;
  readonly #once = new ToldOnce<LongLasting>(({ identity }) => identity);
  readonly #names: RelationNames;
  /** Since the first look of this process, or of its lease. */
  #blocked = BlockedTime.none;
  /** When the last look of this process was. */
  #lookedAt: OwnTime | undefined;

  constructor(options: ActivityPollOptions) {
    this.#options = options;
    const { host, checkpointMaxAgeMs: maxAgeMs = standardCheckpointAgeMs } = options;
    this.lastLook = new KeptReading({ host, form: "postgresql sessions 1", schema: rememberedLook, maxAgeMs });
    this.#source = new ActivitySource(options.server);
    this.#memory = new SampleMemory({ intervalMs: options.intervalMs, compared: comparedSession });
    this.#names = new RelationNames({ clock: options.host.clock, visits: options.visits });
  }

  async poll({ signal, guard }: PollArgs): Promise<PollResult> {
    const { host, server, context, resource, limit, ageLimits, samples } = this.#options;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    const problems: DbintelError[] = [];
    try {
      const { version, readsAllActivity, platform, systemIdentifier: identity } = await server.capabilities(signal);
      const clock = async () => (await serverClock(server.connection, signal)) / 1000n;
      const known = await this.lastLook.before(async () => ({ identity, clockMicros: await clock() }));
      const sinceMicros = this.lastLook.clockMicros;
      const lookedAt = ownTime(host.clock);
      this.#memory.recall(known?.sessions ?? new Map());
      this.#once.recall(known?.told ?? new Set());
      const reading = await this.#source.sessions({ sinceMicros, limit, signal });
      if (!readsAllActivity) problems.push(othersHidden(context));
      const { clockMicros } = reading;
      const { waits, blockers } = await this.#waits({ sessions: reading.sessions, problems, guard, signal });
      const prepared = await this.#prepared({ problems, guard, signal });
      const sessions = [...reading.sessions, ...blockers];

      const byPid = new Map(sessions.map((session) => [session.pid, session]));
      const waitingSince = (wait: LockWait) => {
        const session = byPid.get(wait.pid);
        const known = session && this.#memory.waitingSince({ session, wait, blocks: false }, clockMicros);
        return known ?? clockMicros;
      };
      const forest = blockingForest(waits.flatMap((wait) => edgesOf(wait, clockMicros - waitingSince(wait))));
      const { users: providers } = platformTraits(platform);
      const reported = sessions.filter(
        ({ database, user }) => this.#reports(database) && !(user !== undefined && providers.includes(user)),
      );
      const selection = this.#memory.select(activeSessions(reported, waits), clockMicros);
      const scope = receiverScope(host.build, version);
      const logs = logsBuilder().resource(resource).scope(scope);
      const observedUnixNano = host.clock.unixNano();
      if (samples) {
        addQuerySamples(logs, {
          reported: selection.reported.map(({ session: active, reason }) => ({
            ...active,
            reason,
            waitingSinceMicros: active.wait && waitingSince(active.wait),
          })),
          forest,
          sessionIdOf: (pid) => byPid.get(pid)?.id,
          clockMicros,
          observedUnixNano,
        });
      }
      const telling = this.#once.look(longLasting({ sessions: reported, prepared, clockMicros, limits: ageLimits }));
      addLongLasting(logs, { lasting: telling.fresh, clockMicros, observedUnixNano });

      const now = { clockMicros, own: lookedAt };
      const startMicros =
        sinceMicros === undefined ? clockMicros : intervalStart({ clockMicros: sinceMicros, own: this.#lookedAt }, now);
      const elapsedSeconds = Number(clockMicros - startMicros) / 1e6;
      const statementOf = (pid: string) => blockingStatement(byPid.get(Number(pid)), this.#options.reportsDatabase);
      const counted = known === undefined ? BlockedTime.none : this.#blocked;
      const blocked = counted.after(blockedSince({ forest, elapsedSeconds, statementOf }), sinceMicros ?? clockMicros);
      const metrics = metricsBuilder().resource(resource).scope(scope);
      addBlocking(metrics, blocked, clockMicros);
      const events = logs.build();
      return {
        batches: [...(events.count === 0 ? [] : [events]), metrics.build()],
        problems,
        commit: () => {
          this.lastLook.keep({ identity, clockMicros }, { sessions: selection.next, told: telling.told });
          this.#blocked = blocked;
          this.#lookedAt = lookedAt;
        },
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** Without it the sessions are still worth having. */
  async #waits(
    args: PollArgs & {
      readonly sessions: readonly Session[];
      readonly problems: DbintelError[];
    },
  ): Promise<WaitReading> {
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

  /** None while nobody wants to know of them. */
  async #prepared({
    problems,
    guard,
    signal,
  }: PollArgs & { readonly problems: DbintelError[] }): Promise<readonly PreparedTransaction[]> {
    if (this.#options.ageLimits.preparedTransaction === 0) return [];
    try {
      const work = () => this.#source.prepared(signal);
      const prepared = (await guard.ask({ collectorClass: preparedClass, cold: true, work })) ?? [];
      return prepared.filter(({ database }) => this.#reports(database));
    } catch (error) {
      signal.throwIfAborted();
      if (!isDbintelError(error)) throw error;
      problems.push(error);
      return [];
    }
  }

  #named(wait: LockWait): LockWait {
    const relation = wait.elsewhere && this.#names.get(wait.elsewhere);
    return relation === undefined ? wait : { ...wait, relation };
  }

  #reports(database: string | undefined): boolean {
    return database === undefined || this.#options.reportsDatabase(database);
  }
}

function activeSessions(sessions: readonly Session[], waits: readonly LockWait[]): readonly ActiveSession[] {
  const blocking = new Set(waits.flatMap(({ blockers }) => blockers));
  const waiting = new Map(waits.map((wait) => [wait.pid, wait]));
  return sessions.map((session) => ({ session, wait: waiting.get(session.pid), blocks: blocking.has(session.pid) }));
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
