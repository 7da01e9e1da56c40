import { attributeKey, type DataPoint, type Metrics } from "@dbintel/pdata";
import type { Clock } from "@dbintel/pipeline";
import type { LRUCache } from "lru-cache";
import { expiringCache } from "../expiring-cache.ts";
import { databaseOf, serverOf } from "../origin.ts";

/** What a metric tells of the connections of a server. */
type ConnectionFact = "open" | "max" | "made";

const kindKey = attributeKey("kind");

/** The metrics of this collector's receivers, most of them those of the OpenTelemetry Collector. */
const connectionMetrics: ReadonlyMap<string, (point: DataPoint) => ConnectionFact | undefined> = new Map<
  string,
  (point: DataPoint) => ConnectionFact | undefined
>([
  ["mysql.threads", ({ attributes }) => (attributes.getString(kindKey) === "connected" ? "open" : undefined)],
  ["mysql.connection.limit", () => "max"],
  ["mysql.connection.count", () => "made"],
  // One point for each database.
  ["postgresql.backends", () => "open"],
  ["postgresql.connection.max", () => "max"],
]);

interface Known {
  /** By database, or all together. */
  readonly open: Map<string, number>;
  max: number | undefined;
  made: { readonly count: number; readonly atMs: number } | undefined;
  perSecond: number | undefined;
}

/** How many connections a server has, and how fast they are made. */
export interface ServerConnections {
  readonly server: string;
  readonly open: number;
  readonly max: number | undefined;
  readonly madePerSecond: number | undefined;
  readonly timeMs: number;
}

/** Databases of a server whose connections are added up. */
const mostDatabases = 5000;

/** What passing metrics tell of connections, server by server. */
export class ConnectionMemory {
  readonly #servers: LRUCache<string, Known>;

  constructor(options: { readonly max: number; readonly ttlMs: number; readonly clock: Clock }) {
    this.#servers = expiringCache(options);
  }

  /** The servers that a batch tells of, as they are after it. */
  read(batch: Metrics, timeOf: (point: DataPoint) => number): readonly ServerConnections[] {
    const wanted = new Map<number, (point: DataPoint) => ConnectionFact | undefined>();
    for (const { ordinal, name } of batch.metrics()) {
      const factOf = connectionMetrics.get(name);
      if (factOf !== undefined) wanted.set(ordinal, factOf);
    }
    if (wanted.size === 0) return [];
    const touched = new Map<string, number>();
    const point = batch.points();
    while (point.advance()) {
      const fact = wanted.get(point.metric.ordinal)?.(point);
      const { value } = point;
      if (fact === undefined || value === undefined) continue;
      const server = serverOf(point.attributes, point.resource.attributes);
      const atMs = timeOf(point);
      this.#take(server, {
        fact,
        value: Number(value),
        atMs,
        part: databaseOf(point.attributes, point.resource.attributes),
      });
      touched.set(server, atMs);
    }
    return [...touched].flatMap(([server, timeMs]) => {
      const known = this.#servers.get(server);
      if (known === undefined || known.open.size === 0) return [];
      const open = [...known.open.values()].reduce((sum, each) => sum + each, 0);
      return [{ server, open, max: known.max, madePerSecond: known.perSecond, timeMs }];
    });
  }

  #take(
    server: string,
    args: { readonly fact: ConnectionFact; readonly value: number; readonly atMs: number; readonly part: string },
  ): void {
    const { fact, value, atMs, part } = args;
    const known = this.#servers.get(server) ?? {
      ...{ open: new Map<string, number>(), max: undefined, made: undefined, perSecond: undefined },
    };
    if (fact === "max") known.max = value;
    else if (fact === "open") {
      if (known.open.has(part) || known.open.size < mostDatabases) known.open.set(part, value);
    } else {
      const { made } = known;
      const seconds = made === undefined ? 0 : (atMs - made.atMs) / 1000;
      // A counter that has fallen has begun anew: of the time since nothing is known.
      known.perSecond =
        made === undefined || seconds <= 0 || value < made.count ? undefined : (value - made.count) / seconds;
      known.made = { count: value, atMs };
    }
    this.#servers.set(server, known);
  }
}
