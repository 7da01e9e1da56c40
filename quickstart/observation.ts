import type { TopQuery } from "@dbintel/collector";
import { topQueries, topQueryEvent } from "@dbintel/collector";
import type { Logs, Metrics } from "@dbintel/pdata";
import { BlockingTree } from "./blocking.ts";
import { PlanChanges } from "./plan-changes.ts";

/** Sessions that do the same, or wait for the same. */
export interface SessionGroup {
  readonly state: string;
  /** The kind of wait; "" when none is reported. */
  readonly waitType: string;
  readonly sessions: number;
}

/** What sessions waited for on average: a class of waits, or CPU. */
export interface WaitShare {
  readonly waitClass: string;
  /** Part of the active time, 0 to 1. */
  readonly share: number;
}

/** The server over one interval; `undefined` where nothing was received yet. */
export interface ServerState {
  readonly sessions: readonly SessionGroup[];
  /** The largest first. */
  readonly waits: readonly WaitShare[];
  readonly connections: number | undefined;
  readonly maxConnections: number | undefined;
  readonly commitsPerSecond: number | undefined;
  readonly rollbacksPerSecond: number | undefined;
  readonly queriesPerSecond?: number | undefined;
  /** Part of the blocks that were found in the server's cache, 0 to 1. */
  readonly cacheHitRatio: number | undefined;
  readonly locks: number | undefined;
}

/** What one poll of the statement statistics found, with the server's state at about that time. */
export interface Observation {
  readonly at: Date;
  readonly seconds: number;
  readonly queries: readonly TopQuery[];
  readonly server: ServerState;
  /** Who blocked whom, a line a session. */
  readonly blocking: readonly string[];
  /** Statements that got another plan. */
  readonly planChanges: readonly string[];
}

/** The last points of one metric, and those of the reading before. */
interface Reading {
  readonly timeUnixNano: bigint;
  readonly points: readonly {
    readonly value: number;
    readonly state: string;
    readonly waitType: string;
    readonly waitClass: string;
    /** What a point of MySQL is of: a kind of threads, an operation, a command. */
    readonly kind: string;
  }[];
}

/** How the metrics of MySQL name what a point is of. */
const kindNames = ["kind", "operation", "command"];

/** Puts together what arrives as OTLP: log events of a poll, data points of others. */
export class Observer {
  readonly #readings = new Map<string, { readonly last: Reading; readonly previous: Reading | undefined }>();
  readonly #blocking = new BlockingTree();
  readonly #planChanges = new PlanChanges();
  #queries: TopQuery[] = [];
  #timeUnixNano = 0n;
  #startUnixNano = 0n;

  /** True when the batch held the statements of a poll. */
  addLogs(logs: Logs): boolean {
    this.#blocking.addLogs(logs);
    this.#planChanges.addLogs(logs);
    let found = false;
    for (const { eventName, attributes, timeUnixNano } of logs.records()) {
      if (eventName !== topQueryEvent) continue;
      found = true;
      this.#timeUnixNano = timeUnixNano;
      this.#startUnixNano = attributes.getInt("dbintel.interval.start_time_unix_nano") ?? timeUnixNano;
    }
    if (found) this.#queries.push(...topQueries(logs));
    return found;
  }

  addMetrics(metrics: Metrics): void {
    const batch = new Map<string, Reading>();
    for (const { metric, attributes, value, timeUnixNano } of metrics.points()) {
      const reading = batch.get(metric.name) ?? { timeUnixNano, points: [] };
      const point = {
        value: Number(value ?? 0),
        state: attributes.getString("state") ?? "",
        waitType: attributes.getString("wait_event_type") ?? "",
        waitClass: attributes.getString("db.wait.class") ?? "",
        kind: kindNames.map((kind) => attributes.getString(kind)).find((kind) => kind !== undefined) ?? "",
      };
      batch.set(metric.name, { timeUnixNano, points: [...reading.points, point] });
    }
    for (const [name, last] of batch) this.#readings.set(name, { last, previous: this.#readings.get(name)?.last });
  }

  /** What has come together since the last call. */
  take(): Observation {
    const queries = this.#queries.toSorted((one, other) => other.totalSeconds - one.totalSeconds);
    this.#queries = [];
    return {
      at: new Date(Number(this.#timeUnixNano / 1_000_000n)),
      seconds: Number(this.#timeUnixNano - this.#startUnixNano) / 1e9,
      queries,
      server: this.#server(),
      blocking: this.#blocking.take(),
      planChanges: this.#planChanges.take(),
    };
  }

  #server(): ServerState {
    return this.#readings.has("mysql.uptime") ? this.#mysql() : this.#postgresql();
  }

  #mysql(): ServerState {
    const requests = this.#increase("mysql.buffer_pool.operations", "read_requests");
    const reads = this.#increase("mysql.buffer_pool.operations", "reads")?.amount ?? 0;
    return {
      sessions: [],
      waits: this.#waits(),
      connections: this.#sum("mysql.threads", "connected"),
      maxConnections: this.#sum("mysql.connection.limit"),
      queriesPerSecond: this.#rate("mysql.query.count"),
      commitsPerSecond: undefined,
      rollbacksPerSecond: undefined,
      cacheHitRatio: requests === undefined || requests.amount === 0 ? undefined : 1 - reads / requests.amount,
      locks: undefined,
    };
  }

  #postgresql(): ServerState {
    const hits = this.#increase("postgresql.blks_hit");
    const reads = this.#increase("postgresql.blks_read");
    const blocks = (hits?.amount ?? 0) + (reads?.amount ?? 0);
    return {
      sessions: this.#sessions(),
      waits: this.#waits(),
      connections: this.#sum("postgresql.backends"),
      maxConnections: this.#sum("postgresql.connection.max"),
      commitsPerSecond: this.#rate("postgresql.commits"),
      rollbacksPerSecond: this.#rate("postgresql.rollbacks"),
      cacheHitRatio: hits === undefined || blocks === 0 ? undefined : hits.amount / blocks,
      locks: this.#sum("postgresql.database.locks"),
    };
  }

  #sessions(): readonly SessionGroup[] {
    const groups = new Map<string, SessionGroup>();
    for (const { state, waitType, value } of this.#readings.get("dbintel.postgresql.sessions")?.last.points ?? []) {
      // What waits for its client is idle, whatever the wait is called.
      const wait = waitType === "Client" ? "" : waitType;
      const key = `${state}\n${wait}`;
      groups.set(key, { state, waitType: wait, sessions: (groups.get(key)?.sessions ?? 0) + value });
    }
    return [...groups.values()].sort((one, other) => other.sessions - one.sessions);
  }

  #waits(): readonly WaitShare[] {
    const points = this.#readings.get("db.active_sessions.share")?.last.points ?? [];
    return points
      .map(({ waitClass, value }) => ({ waitClass, share: value }))
      .sort((one, other) => other.share - one.share);
  }

  #sum(name: string, kind?: string): number | undefined {
    const reading = this.#readings.get(name)?.last;
    return reading && total(reading, kind);
  }

  #rate(name: string): number | undefined {
    const increase = this.#increase(name);
    return increase && increase.amount / increase.seconds;
  }

  /** A cumulative counter over the last interval; `undefined` before the second reading and after a reset. */
  #increase(name: string, kind?: string): { readonly amount: number; readonly seconds: number } | undefined {
    const { last, previous } = this.#readings.get(name) ?? {};
    if (last === undefined || previous === undefined) return undefined;
    const amount = total(last, kind) - total(previous, kind);
    const seconds = Number(last.timeUnixNano - previous.timeUnixNano) / 1e9;
    return amount < 0 || seconds <= 0 ? undefined : { amount, seconds };
  }
}

function total({ points }: Reading, kind?: string): number {
  return points.filter((point) => kind === undefined || point.kind === kind).reduce((sum, { value }) => sum + value, 0);
}
