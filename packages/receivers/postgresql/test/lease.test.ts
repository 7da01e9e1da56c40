import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import type { Batch } from "@dbintel/pdata";
import type { Component } from "@dbintel/pipeline";
import { createTestHost, eventsOf, FakeClock, type SeenEvent, type TestHost } from "@dbintel/pipeline/testing";
import { SessionLock } from "@dbintel/watching";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { postgresql } from "../src/index.ts";
import { AdvisoryLock } from "../src/lease/advisory-lock.ts";
import { never, settingsOf } from "./watch.ts";

const intervalMs = 10_000;
/** Long beside an interval: time passes much faster here than servers answer, and a lease ends that is not renewed. */
const leaseMs = 60_000;
const rounds = 4;
/** A statement of its own for each round. */
const statement = (round: number) => `SELECT ${Array.from({ length: 20 + round }, () => 1).join(", ")} AS counted`;

describePostgres(18, "two collectors of one server", () => {
  let server: PostgresServer;
  /** One for both where they are to live at the same speed. */
  let clock: FakeClock;
  const running: Collector[] = [];

  interface Collector {
    readonly clock: FakeClock;
    readonly host: TestHost;
    readonly component: Component;
    readonly batches: Batch[];
  }

  beforeAll(async () => {
    server = await startPostgres({ settings: { logging_collector: true, log_destination: "jsonlog" } });
  });
  afterAll(() => server?.stop());
  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ component }) => component.stop({ signal: never })));
  });

  async function start(own = clock, port = server.port): Promise<Collector> {
    const { definition, config } = postgresql({
      ...{ endpoint: `${server.host}:${port}`, username: server.superuser, password: server.password },
      ...{ tls: { insecure: true }, initial_delay: "0s", timeout: "1h" },
      high_availability: { enabled: true, interval: `${leaseMs}ms` },
      active_sessions: { enabled: false },
      events: {
        "db.server.query_sample": { enabled: false },
        "db.advice": { enabled: false },
        "db.schema": { enabled: false },
      },
      settings_collection: { collection_interval: "10s" },
      top_query_collection: { collection_interval: "10s", max_explain_each_interval: 0 },
    });
    const batches: Batch[] = [];
    const host = createTestHost({ clock: own, seed: running.length + 1 });
    const consume = async (batch: Batch) => void batches.push(batch);
    const component = definition.create({ id: "postgresql", config, host, next: { logs: { consume } } });
    await component.start({ signal: never });
    const collector = { clock: own, host, component, batches };
    running.push(collector);
    return collector;
  }

  const said = ({ host }: Collector, text: string) =>
    host.lines.filter(({ message }) => message.startsWith(text)).length;
  const begun = () => running.reduce((sum, collector) => sum + said(collector, "holds the lease"), 0);

  /** Lets time pass for those that live by the clock until something is so. */
  function passing<T>(what: string, probe: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const probeLater = async () => {
      await clock.advance(intervalMs / 6);
      return probe();
    };
    return eventually(what, probeLater, { deadlineMs: 120_000 });
  }

  /** The process that has the lock. */
  async function holder(): Promise<number | undefined> {
    const rows = await server.query<{ pid: number }>(
      "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND granted",
    );
    expect(rows.length).toBeLessThanOrEqual(1);
    return rows[0]?.pid;
  }

  function reported(round: number): number {
    const events = running.flatMap(({ batches }) => eventsOf(batches));
    const columns = statement(round).split(",").length;
    return events
      .filter((event) => event.text("db.query.text").includes("counted"))
      .filter((event) => event.text("db.query.text").split(",").length === columns)
      .reduce((sum, event) => sum + event.number("postgresql.calls"), 0);
  }

  it("count each execution at most once, however often the lock is lost", async () => {
    clock = new FakeClock();
    await start();
    await start();
    const executed: number[] = [];
    for (let round = 0; round < rounds; round++) {
      await passing("one of them polls", async () =>
        (await holder()) !== undefined && begun() > round ? true : undefined,
      );
      executed[round] = 0;
      await passing("what is executed is reported", async () => {
        await server.query(statement(round));
        executed[round] = (executed[round] ?? 0) + 1;
        return reported(round) > 0 ? true : undefined;
      });
      const pid = await passing("one of them has the lock", holder);
      await server.query(statement(round));
      executed[round] = (executed[round] ?? 0) + 1;
      if (round % 2 === 0) await server.query(`SELECT pg_terminate_backend(${pid}, 10000)`);
      // Both sessions are gone when an administrator ends them, and either may come first.
      else
        await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dbintel'");
    }
    await passing("one of them polls again", () => (begun() > rounds ? true : undefined));
    const counts = executed.map((_, round) => reported(round));
    for (const [round, count] of counts.entries()) {
      expect(count).toBeGreaterThan(0);
      expect(count).toBeLessThanOrEqual(executed[round] ?? 0);
    }
    const lost = running.reduce((sum, collector) => sum + said(collector, "has lost the lease"), 0);
    expect(lost).toBeGreaterThan(0);
  });

  /** What is new for parts that remember what they have told, and how often an event tells it. */
  const novelties = [
    {
      what: "an error in the log",
      make: (name: string) => server.query(`DO $$ BEGIN RAISE EXCEPTION SQLSTATE '${name}'; END $$`).catch(() => {}),
      told: (event: SeenEvent, name: string) =>
        event.text("db.response.status_code") === name ? event.number("db.log.count") : 0,
    },
    {
      what: "a setting of the database",
      make: (name: string) => server.query(`ALTER DATABASE postgres SET "lease.${name}" = 'on'`),
      told: (event: SeenEvent, name: string) => (event.text("postgresql.setting.name") === `lease.${name}` ? 1 : 0),
    },
  ];
  const times = (name: string, told: (event: SeenEvent, name: string) => number) =>
    running.flatMap(({ batches }) => eventsOf(batches)).reduce((sum, event) => sum + told(event, name), 0);

  it("tell what is new once, whoever of them polls, and nothing of what the other one has told", async () => {
    const collectors = [await start(new FakeClock()), await start(new FakeClock())];
    const names: string[] = [];
    for (let turn = 0; turn < 2 * collectors.length; turn++) {
      const polling = collectors[turn % collectors.length];
      if (polling === undefined) throw new Error("there is none");
      // Time stands still for the other one until this one polls.
      clock = polling.clock;
      await passing("it polls", () => (said(polling, "holds the lease") > turn / 2 ? true : undefined));
      const before = names.length;
      let dueMs = 0;
      await passing("what is new is told", async () => {
        if (clock.monotonicMs() >= dueMs) {
          const name = `L${1000 + names.length}`;
          for (const { make } of novelties) await make(name);
          names.push(name);
          dueMs = clock.monotonicMs() + 2 * intervalMs;
        }
        const fresh = names.slice(before);
        return novelties.every(({ told }) => fresh.some((name) => times(name, told) > 0)) ? true : undefined;
      });
      await server.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'dbintel'");
    }
    for (const { what, told } of novelties) {
      expect([what, Math.max(...names.map((name) => times(name, told)))]).toEqual([what, 1]);
    }
  });

  it("of which one that falls silent gives the lock back", async () => {
    let contenders = 0;
    const lockOf = (connection: DatabaseConnection) => {
      const dialect = new AdvisoryLock(connection, "silent");
      return new SessionLock({ dialect, endpoint: `${server.host}:${server.port}`, mark: `${contenders++}` });
    };
    const contender = () => {
      const connection = new DatabaseConnection(settingsOf(server), "postgres");
      return { connection, lock: lockOf(connection) };
    };
    const [first, second] = [contender(), contender()];
    // So that the silence of the first one is longer than what a busy machine takes for three short statements.
    for (const { connection } of [first, second]) await connection.ping(never);
    expect(await first.lock.take(5000, never)).toBe(true);
    expect(await second.lock.take(60_000, never)).toBe(false);
    expect(await first.lock.holds(never)).toBe(true);
    await eventually("the server has ended the silent session", async () =>
      (await second.lock.take(60_000, never)) ? true : undefined,
    );
    await eventually("its client knows", () => (first.lock.session === undefined ? true : undefined));
    for (const { connection } of [first, second]) await connection.close();
  });

  it("do not poll through a pooler, where no session is anybody's own, and say why", async () => {
    await using pooler = await startPooler(server);
    clock = new FakeClock();
    const collector = await start(clock, pooler.port);
    const problem = await passing("it says why", () =>
      collector.host.lines.find(({ message }) => message.startsWith("a connection pooler stands before")),
    );
    expect(problem.fields.hint).toContain("high_availability.enabled");
    await clock.advance(3 * leaseMs);
    expect(said(collector, "holds the lease")).toBe(0);
    expect(collector.batches).toEqual([]);
  });

  it("of which the second asks nothing but for the lock, and takes over from one that stops", async () => {
    clock = new FakeClock();
    const first = await start();
    await passing("it polls", () => (said(first, "holds the lease") > 0 ? true : undefined));
    const second = await start();
    await passing("the other stands by", () => (said(second, "stands by") > 0 ? true : undefined));
    const asked = await passing("it was asked again", async () => {
      const [row] = await server.query<{ query: string }>(
        `SELECT query FROM pg_stat_activity WHERE application_name = 'dbintel' AND query LIKE '%pg_try_advisory_lock%'`,
      );
      return row?.query;
    });
    expect(asked).toContain("/* dbintel */");
    expect(second.batches).toEqual([]);
    // It has just asked, and asks again after a while of its clock, which stands still while the server answers.
    const answered = () => said(second, "poll of lease: ok");
    const before = answered();
    await passing("it asks once more", () => (answered() > before ? true : undefined));
    await first.component.stop({ signal: never });
    await eventually("the lock is free", async () => ((await holder()) === undefined ? true : undefined));
    await clock.advance(leaseMs);
    await eventually("the other polls", () => (said(second, "holds the lease") > 0 ? true : undefined));
  });
});

/** Tells each client a process number of its own, as PgBouncer does. */
async function startPooler(server: PostgresServer) {
  const sockets = new Set<Socket>();
  const listener = createServer((client) => {
    const upstream = connect(server.port, server.host);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.pipe(upstream);
    upstream.on("data", (bytes) => {
      // BackendKeyData: "K", int32 length 12, int32 process, int32 key.
      const at = bytes.indexOf(Buffer.from([0x4b, 0, 0, 0, 12]));
      if (at >= 0) bytes.writeInt32BE(1, at + 5);
      client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => listener.listen(0, server.host, resolve));
  return {
    port: (listener.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => listener.close(resolve));
    },
  };
}
