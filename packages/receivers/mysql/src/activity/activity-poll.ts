import type { DbintelError } from "@dbintel/errors";
import { feedback } from "@dbintel/feedback";
import { logsBuilder, metricsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { KeptReading, type PollResult } from "@dbintel/polling";
import { BlockedTime, type BlockingForest, blockedSince, blockingForest, ToldOnce } from "@dbintel/waits";
import {
  addBlocking,
  intervalStart,
  type OwnTime,
  ownTime,
  SampleMemory,
  type StatementGuard,
} from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import type { Product } from "../connection/connection.ts";
import { platformTraits } from "../connection/platforms.ts";
import { databaseProblem, type ProblemContext, performanceSchemaOff } from "../connection/problems.ts";
import { type Instance, instanceResource, receiverScope } from "../resource.ts";
import { type ActiveSession, comparedSession, namespaceOf } from "./active-session.ts";
import { ActivitySource } from "./activity-source.ts";
import { blockingStatement } from "./blocking-statement.ts";
import type { FinishedStatement, HistoryMark } from "./finished-statements.ts";
import { markAt } from "./finished-statements.ts";
import { type LastLook, lastLook } from "./last-look.ts";
import { type AgeLimits, isOld, type LongLasting, longLasting } from "./long-lasting.ts";
import { addLongLasting, addQuerySamples } from "./sample-events.ts";
import { lifeAt, type ServerMoment, serverMoment } from "./server-moment.ts";
import { type Session, sessionId } from "./session.ts";
import { currentWait, type WaitEvent, waitSeconds } from "./thread-waits.ts";
import { isLater } from "./timer.ts";

export interface ActivityPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  readonly instance: Instance;
  readonly context: ProblemContext;
  /** Sessions that are looked at, and statements that have ended since. */
  readonly limit: number;
  /** Whether anything is told of each session. Without, those alone are looked at that wait for others or are in their way. */
  readonly events: boolean;
  /** Whether sessions and what has ended are told one by one. */
  readonly samples: boolean;
  readonly ageLimits: AgeLimits;
  /** Time between two polls. */
  readonly intervalMs: number;
  /** What was seen longer ago is not compared with after a restart. Default 1 h. */
  readonly checkpointMaxAgeMs?: number;
  /** Whether sessions of this schema are reported; `null` for those without one. */
  readonly reportsSchema: (schema: string | null) => boolean;
}

const standardCheckpointAgeMs = 3_600_000;

/** Polls what sessions do, have done and wait for: events of it, and metrics of who holds others up. */
export class ActivityPoll {
  /** The last look, kept over a restart. */
  readonly lastLook: KeptReading<LastLook>;
  readonly #options: ActivityPollOptions;
  readonly #source: ActivitySource;
  readonly #memory: SampleMemory<ActiveSession>;
  readonly #once = new ToldOnce<LongLasting>(({ identity }) => identity);
  /** Since the first look of this process, or of its lease. */
  #blocked = BlockedTime.none;
  /** When the last look of this process was. */
  #lookedAt: OwnTime | undefined;

  constructor(options: ActivityPollOptions) {
    this.#options = options;
    const { host, checkpointMaxAgeMs: maxAgeMs = standardCheckpointAgeMs } = options;
    this.lastLook = new KeptReading({ host, form: "mysql sessions 1", schema: lastLook, maxAgeMs });
    this.#source = new ActivitySource(options);
    this.#memory = new SampleMemory({ intervalMs: options.intervalMs, compared: comparedSession });
  }

  async poll(args: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { host, server, context, instance } = this.#options;
    const { signal, guard } = args;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    const problems: DbintelError[] = [];
    try {
      const capabilities = await server.capabilities(signal);
      if (!capabilities.performanceSchema) return { batches: [], problems: [performanceSchemaOff(context.endpoint)] };
      const lookedAt = ownTime(host.clock);
      const moment = await serverMoment(server.connection, signal);
      const origin = { identity: capabilities.identity, clockMicros: moment.micros };
      const known = await this.lastLook.before(async () => origin);
      const life = lifeAt(moment, known);
      const last = known?.life === life ? known : undefined;
      this.#memory.recall(known?.sessions ?? new Map());
      this.#once.recall(known?.told ?? new Set());
      const { finished, mark } = await this.#finished(moment, last, signal);
      const looked = await this.#look({ moment, life, last, ask: { guard, problems, signal } });

      const forest = blockingForest(looked.active.flatMap((active) => this.#edges(active, moment)));
      const { users: providers } = platformTraits(capabilities.platform);
      const reports = ({ session }: { readonly session: Session }) =>
        !providers.includes(session.user ?? "") && this.#options.reportsSchema(namespaceOf(session) ?? null);
      const selection = this.#memory.select(
        looked.active.filter((active) => active.sampled && reports(active)),
        moment.micros,
      );
      const reported = selection.reported.map(({ session: active, reason }) => ({
        ...active,
        reason,
        waitingSinceMicros: this.#memory.waitingSince(active, moment.micros),
      }));
      const ended = finished.filter(reports);
      const { samples, ageLimits: limits } = this.#options;
      const lasting = longLasting({ sessions: looked.active.filter(reports), nowMicros: moment.micros, limits });
      const telling = this.#once.look(lasting);
      const observedUnixNano = host.clock.unixNano();
      const threads = reported.map(({ session }) => session.threadId);
      const resource = instanceResource(instance, capabilities);
      const scope = receiverScope(host.build, capabilities);
      const logs = logsBuilder().resource(resource).scope(scope);
      addLongLasting(logs, { product: capabilities.product, lasting: telling.fresh, moment, observedUnixNano });
      addQuerySamples(logs, {
        product: capabilities.product,
        reported: samples ? reported : [],
        finished: (samples ? ended : []).map((each) => ({ ...each, id: sessionId(life.startSeconds, each.session) })),
        forest,
        sessionIdOf: (processlistId) => sessionId(life.startSeconds, { processlistId }),
        traceparents: await this.#source.traceparents(threads, signal),
        moment,
        observedUnixNano,
      });
      const blocked = this.#blockedAfter({
        forest,
        active: looked.active,
        known,
        moment,
        lookedAt,
        product: capabilities.product,
      });
      const metrics = metricsBuilder().resource(resource).scope(scope);
      addBlocking(metrics, blocked, moment.micros);
      const events = logs.build();
      return {
        batches: [...(events.count === 0 ? [] : [events]), metrics.build()],
        problems,
        commit: () => {
          const { waitTimer } = looked;
          const look = { sessions: selection.next, told: telling.told, moment, life, mark, waitTimer };
          this.lastLook.keep(origin, look);
          this.#blocked = blocked;
          this.#lookedAt = lookedAt;
        },
      };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** What has ended since the last look; nothing at the first one, and where the server keeps no history. */
  async #finished(
    { clock, consumers }: ServerMoment,
    last: LastLook | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly finished: readonly FinishedStatement[]; readonly mark: HistoryMark | undefined }> {
    const isTold = this.#options.samples && consumers.has("events_statements_history");
    if (clock === undefined || !isTold) return { finished: [], mark: undefined };
    const { timer } = clock;
    // MySQL's timer goes by the clock: when that is set back, what was told before has ended after the mark once more.
    if (last?.mark === undefined || !isLater(timer, last.mark.timer)) return { finished: [], mark: markAt(timer) };
    return await this.#source.finished({ mark: last.mark, timer }, signal);
  }

  /** What sessions do now, with those that are in their way. */
  async #look(args: {
    readonly moment: ServerMoment;
    readonly life: LastLook["life"];
    readonly last: LastLook | undefined;
    readonly ask: { readonly guard: StatementGuard; readonly problems: DbintelError[]; readonly signal: AbortSignal };
  }): Promise<{ readonly active: readonly ActiveSession[]; readonly waitTimer: bigint | undefined }> {
    const { moment, life, last, ask } = args;
    const { events, samples } = this.#options;
    const working = await (events ? this.#source.active(ask.signal) : this.#source.waiting(ask.signal));
    const lockWaits = await this.#source.lockWaits(working, moment, ask);
    const seen = new Set(working.map(({ processlistId }) => processlistId));
    const transactions = await this.#source.transactions(ask);
    const old = [...transactions]
      .filter(([, { startMicros }]) => isOld(startMicros, moment.micros, this.#options.ageLimits))
      .map(([id]) => id);
    const involved = new Set(lockWaits.flatMap(({ session, blockers }) => [session, ...blockers]));
    const unseen = new Set([...involved, ...old].filter((id) => id > 0 && !seen.has(id)));
    const sessions = [...working, ...(await this.#source.sessions(unseen, ask.signal))];
    const waits = await this.#source.waits(samples ? working.map(({ threadId }) => threadId) : [], moment, ask.signal);
    const waitTimer = latest([...waits.values()].flat(), last?.waitTimer);
    const waiting = new Map(lockWaits.map((wait) => [wait.session, wait]));
    const blocking = new Set(lockWaits.flatMap(({ blockers }) => blockers));
    const active = sessions.map((session): ActiveSession => {
      const own = waits.get(session.threadId) ?? [];
      return {
        id: sessionId(life.startSeconds, session),
        session,
        lock: waiting.get(session.processlistId),
        transaction: transactions.get(session.processlistId),
        blocks: blocking.has(session.processlistId),
        wait: currentWait(own),
        sampled: seen.has(session.processlistId) || involved.has(session.processlistId),
        waited: this.#waited(own, { waitTimer, moment, last }),
      };
    });
    return { active, waitTimer };
  }

  /** What the thread of a session has waited for since the last look. */
  #waited(
    waits: readonly WaitEvent[],
    args: {
      readonly waitTimer: bigint | undefined;
      readonly moment: ServerMoment;
      readonly last: LastLook | undefined;
    },
  ): ReadonlyMap<string, number> {
    const { waitTimer, moment, last } = args;
    if (waitTimer === undefined || last?.waitTimer === undefined) return new Map();
    const seconds = Math.max(0, Number(moment.micros - last.moment.micros) / 1e6);
    return waitSeconds(waits, { startTimer: last.waitTimer, endTimer: waitTimer, seconds });
  }

  /** The time that sessions have lost until now. */
  #blockedAfter(args: {
    readonly forest: BlockingForest;
    readonly active: readonly ActiveSession[];
    readonly known: LastLook | undefined;
    readonly moment: ServerMoment;
    readonly lookedAt: OwnTime;
    readonly product: Product;
  }): BlockedTime {
    const { forest, active, known, moment, lookedAt, product } = args;
    const sinceMicros = known?.moment.micros ?? moment.micros;
    const byId = new Map(active.map(({ session }) => [String(session.processlistId), session]));
    const startMicros = intervalStart(
      { clockMicros: sinceMicros, own: this.#lookedAt },
      { clockMicros: moment.micros, own: lookedAt },
    );
    const increments = blockedSince({
      forest,
      elapsedSeconds: known === undefined ? 0 : Number(moment.micros - startMicros) / 1e6,
      statementOf: (id) => {
        const session = byId.get(id);
        const isReported = session === undefined || this.#options.reportsSchema(namespaceOf(session) ?? null);
        return isReported ? blockingStatement(session, product) : undefined;
      },
    });
    return (known === undefined ? BlockedTime.none : this.#blocked).after(increments, sinceMicros);
  }

  /** A session that waits for several waits as long for each. */
  #edges(active: ActiveSession, { micros }: ServerMoment) {
    const { lock } = active;
    const since = this.#memory.waitingSince(active, micros);
    if (lock === undefined || since === undefined) return [];
    return lock.blockers.map((blocker) => ({
      blocked: String(lock.session),
      blocker: String(blocker),
      seconds: Number(micros - since) / 1e6,
      lockMode: lock.mode,
      relation: lock.relation,
    }));
  }
}

/** The latest moment that the waits tell: of one that has not ended it is now. */
function latest(waits: readonly WaitEvent[], after: bigint | undefined): bigint | undefined {
  let found = after;
  for (const { endTimer } of waits) {
    if (endTimer === undefined) continue;
    if (found === undefined || isLater(endTimer, found)) found = endTimer;
  }
  return found;
}
