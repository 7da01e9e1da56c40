import { eventually } from "@dbintel/e2e/condition";
import type { MysqlServer } from "@dbintel/e2e/servers";
import type { Batch } from "@dbintel/pdata";
import { createTestHost, FakeClock, MemoryStorage, type TestHost } from "@dbintel/pipeline/testing";
import type { RowDataPacket } from "mysql2/promise";
import { mysql } from "../src/index.ts";
import { type Event, eventsOf, never, type Reachable, watch } from "./watch.ts";

/** A collector that polls when it is told to, with what was polled beside it; started anew with what it has saved. */
export class Collector {
  readonly events: Event[] = [];
  readonly #server: Reachable;
  readonly #options: Parameters<typeof watch>[1];
  #watched: ReturnType<typeof watch>;
  #host: TestHost;
  #saved: Uint8Array | undefined;

  constructor(server: Reachable, options: Parameters<typeof watch>[1] & { readonly clock?: FakeClock } = {}) {
    this.#server = server;
    this.#options = options;
    const { clock = new FakeClock() } = options;
    this.#host = createTestHost({ storage: new MemoryStorage(), clock });
    this.#watched = watch(server, { ...this.#options, host: this.#host });
  }

  get session() {
    return this.#watched.connection.threadId;
  }

  async poll(): Promise<readonly Event[]> {
    // Whatever was broken off may take a poll to be noticed.
    const { batches } = await eventually("it polls", () => this.#watched.poll().catch(() => undefined));
    this.#saved = this.#watched.baseline.take();
    const polled = eventsOf(batches);
    this.events.push(...polled);
    return polled;
  }

  /** A poll whose telemetry nobody takes. */
  async pollInVain(): Promise<void> {
    await this.#watched.peek();
  }

  setClock(byNano: bigint): void {
    this.#host.clock.jump(byNano);
  }

  /** Ends, and begins with what it has saved. */
  async restart(): Promise<void> {
    await this.close();
    this.#host = createTestHost({ storage: this.#host.storage, clock: this.#host.clock });
    this.#watched = watch(this.#server, { ...this.#options, host: this.#host });
    if (this.#saved !== undefined && !this.#watched.baseline.restore(this.#saved)) throw new Error("not restored");
  }

  close(): Promise<void> {
    return this.#watched.close();
  }
}

/** Two receivers of one server that take turns, on one clock. */
export async function startPair(server: MysqlServer) {
  const clock = new FakeClock();
  const batches: Batch[] = [];
  const start = async (seed: number) => {
    const { definition, config } = mysql({
      ...{ endpoint: `${server.host}:${server.port}`, username: server.superuser, password: server.password },
      ...{ tls: { insecure: true }, initial_delay: "0s", timeout: "1h" },
      // Time passes here while answers are under way: none of them is slow or dear.
      ...{ budget: { max_database_share: "100000%" }, circuit_breaker: { slow_call_duration: "10h" } },
      high_availability: { enabled: true },
      active_sessions: { enabled: false },
      events: { "db.server.query_sample": { enabled: false } },
      top_query_collection: { collection_interval: "10s", max_explain_each_interval: 0 },
    });
    const host = createTestHost({ clock, seed });
    const consume = async (batch: Batch) => void batches.push(batch);
    const component = definition.create({ id: "mysql", config, host, next: { logs: { consume } } });
    await component.start({ signal: never });
    return { host, component };
  };
  const both = [await start(1), await start(2)];
  return {
    get events(): readonly Event[] {
      return eventsOf(batches);
    },
    /** How often one of them began to poll. */
    get begun(): number {
      const lines = both.flatMap(({ host }) => host.lines);
      return lines.filter(({ message }) => message.startsWith("holds the lease")).length;
    },
    /** Lets time pass until something is so. */
    until: <T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> =>
      eventually(what, async () => {
        // Not so much that a lease is over before a busy machine has answered.
        await clock.advance(1000);
        return probe();
      }),
    /** Ends all sessions of both, as an administrator does, or a failing network. */
    async endSessions(): Promise<void> {
      const rows = await server.query<RowDataPacket & { id: number }>(
        "SELECT PROCESSLIST_ID AS id FROM performance_schema.session_connect_attrs WHERE ATTR_VALUE = 'dbintel'",
      );
      for (const { id } of rows) await server.query(`KILL CONNECTION ${id}`).catch(() => {});
    },
    async [Symbol.asyncDispose]() {
      for (const { component } of both) await component.stop({ signal: never });
    },
  };
}
