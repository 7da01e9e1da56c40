import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import type { Batch } from "@dbintel/pdata";
import { createTestHost, eventsOf, MemoryStorage, type SeenEvent, type TestHost } from "@dbintel/pipeline/testing";
import type { Client } from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { postgresql } from "../src/index.ts";
import { never } from "./watch.ts";

const intervalMs = 10_000;
const statement = "SELECT 'restart' AS marker, 1";

describePostgres(18, "a receiver that is restarted", () => {
  let server: PostgresServer;
  let load: Client;
  let storage: MemoryStorage;
  /** What all receivers of a test have sent. */
  let batches: Batch[];
  const stopping: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());

  beforeEach(async () => {
    await server.query("SELECT pg_stat_statements_reset()");
    storage = new MemoryStorage();
    batches = [];
    load = await server.connect();
  });
  afterEach(async () => {
    await Promise.all(stopping.splice(0).map((stop) => stop()));
    await load.end();
  });

  interface Running {
    readonly host: TestHost;
    /** Lets time pass until another poll was handed on and its checkpoint saved. */
    poll(): Promise<void>;
    stop(): Promise<void>;
  }

  /** A receiver of a new process, with what the storage holds. */
  async function start(settings: Readonly<Record<string, unknown>> = {}): Promise<Running> {
    const { definition, config } = postgresql({
      endpoint: `${server.host}:${server.port}`,
      username: server.superuser,
      password: server.password,
      tls: { insecure: true },
      initial_delay: "0s",
      timeout: "1h",
      ...settings,
      top_query_collection: { collection_interval: "10s", max_explain_each_interval: 0 },
    });
    // What a process that was killed still does reaches nobody.
    storage = copyOf(storage);
    const own = storage;
    const host = createTestHost({ storage });
    const consume = async (batch: Batch) => {
      if (own === storage) batches.push(batch);
    };
    const next = { logs: { consume } };
    const component = definition.create({ id: "postgresql", config, host, next });
    await component.start({ signal: never });
    const stop = () => component.stop({ signal: never });
    stopping.push(stop);
    return {
      host,
      stop,
      async poll() {
        const saved = () => own.snapshots.get(checkpointOf(server));
        const before = saved();
        await host.clock.advance(intervalMs);
        const handedOn = () => (saved() === before ? undefined : true);
        await eventually("a poll was handed on, and what it read was saved", handedOn, { deadlineMs: 50_000 });
      },
    };
  }

  async function run(count: number): Promise<void> {
    for (let index = 0; index < count; index++) await load.query(statement);
  }

  /** Those that count executions; samples of sessions tell the text too. */
  function events(): SeenEvent[] {
    return eventsOf(batches).filter(
      (event) => event.text("db.query.text").includes("marker") && event.number("postgresql.calls") > 0,
    );
  }

  const messages = ({ host }: Running) => host.lines.map(({ message }) => message);
  const calls = () => events().reduce((sum, event) => sum + event.number("postgresql.calls"), 0);

  it("tells exactly what happened since the last poll of the process before, which was killed", async () => {
    const first = await start();
    await run(5);
    await first.poll();
    await run(7);
    await first.poll();
    // It is killed: nothing of it is stopped or saved any more.
    await run(11);
    const second = await start();
    await second.poll();
    expect(calls()).toBe(7 + 11);
    await run(2);
    await second.poll();
    expect(calls()).toBe(7 + 11 + 2);
    expect(messages(second)).toContainEqual(
      expect.stringMatching(/goes on from the last poll before the restart, of \d{4}-/),
    );
    expect(events().map((event) => event.number("postgresql.calls"))).toEqual([7, 11, 2]);
  });

  it("saves what it knows when it is stopped, and goes on after that", async () => {
    const first = await start();
    await run(3);
    await first.poll();
    await first.stop();
    await run(4);
    const second = await start();
    await second.poll();
    expect(calls()).toBe(4);
  });

  it("reports no interval again and no lifetime when the statistics were reset meanwhile", async () => {
    const first = await start();
    await run(20);
    await first.poll();
    await run(1);
    await server.query("SELECT pg_stat_statements_reset()");
    await run(30);
    const second = await start();
    await second.poll();
    // What was counted before the reset is gone with it.
    expect(calls()).toBe(30);
  });

  it("goes on when the server was restarted meanwhile", async () => {
    const first = await start();
    await run(2);
    await first.poll();
    await load.end();
    await first.stop();
    await server.restart();
    load = await server.connect();
    await run(6);
    const second = await start();
    await second.poll();
    expect(calls()).toBe(6);
  });

  it("begins anew when the checkpoint is too old, and says so", async () => {
    const first = await start();
    await run(5);
    await first.poll();
    const second = await start({ checkpoint: { max_age: "0s" } });
    await second.poll();
    expect(calls()).toBe(0);
    expect(messages(second)).toContainEqual(expect.stringMatching(/is not used: it is older than 0 s$/));
  });

  it("begins anew when another server answers, and says so", async () => {
    const first = await start();
    await run(5);
    await first.poll();
    // As if it had been made of another one, to which the address led.
    const saved = zstdDecompressSync(storage.snapshots.get(checkpointOf(server)) ?? new Uint8Array()).toString(
      "latin1",
    );
    const elsewhere = saved.replace(/"identity":"\d/, (found) =>
      found.replace(/\d$/, (digit) => (digit === "1" ? "2" : "1")),
    );
    expect(elsewhere).not.toBe(saved);
    storage.snapshots.set(checkpointOf(server), zstdCompressSync(Buffer.from(elsewhere, "latin1")));
    const second = await start();
    await second.poll();
    expect(calls()).toBe(0);
    expect(messages(second)).toContainEqual(expect.stringMatching(/is not used: another server answers$/));
  });

  it("begins anew when the checkpoint is damaged or of another version, and says so", async () => {
    const first = await start();
    await run(5);
    await first.poll();
    const bytes = storage.snapshots.get(checkpointOf(server)) ?? new Uint8Array();
    storage.snapshots.set(checkpointOf(server), bytes.subarray(0, bytes.length / 2));
    const second = await start();
    await second.poll();
    expect(calls()).toBe(0);
    expect(messages(second)).toContainEqual(
      expect.stringContaining("checkpoint of statements is of another version or damaged"),
    );
  });
});

/** The name of its snapshot; each save makes a new object of it. */
function checkpointOf({ host, port }: PostgresServer): string {
  return `${host}:${port}/statements`;
}

function copyOf({ snapshots }: MemoryStorage): MemoryStorage {
  const copy = new MemoryStorage();
  for (const [name, bytes] of snapshots) copy.snapshots.set(name, bytes);
  return copy;
}
