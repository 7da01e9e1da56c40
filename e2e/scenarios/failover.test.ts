import { mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import type { ReceivedRecord } from "../harness/otlp-json.ts";
import { WatchedCollector } from "../harness/watched-collector.ts";
import { startMysql, startPostgres } from "../servers/index.ts";
import { describeOwnMysql, describePostgres } from "../servers/vitest.ts";

interface Session {
  query(sql: string): Promise<unknown>;
  end(): Promise<void>;
}

interface Server extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  readonly superuser: string;
  readonly password: string;
  query(sql: string): Promise<unknown>;
  connect(as?: { readonly database?: string }): Promise<Session>;
}

interface Product {
  readonly receiver: "postgresql" | "mysql";
  readonly suite: (name: string, body: () => void) => void;
  readonly start: () => Promise<Server>;
  /** Attributes of events. */
  readonly calls: string;
  readonly id: string;
  readonly topLimit: string;
}

const products: readonly Product[] = [
  {
    ...{ receiver: "postgresql", calls: "postgresql.calls", id: "postgresql.queryid", topLimit: "top_n_query" },
    suite: (name, body) => describePostgres(18, name, body),
    start: () => startPostgres(),
  },
  {
    ...{ receiver: "mysql", topLimit: "top_query_count" },
    calls: "mysql.events_statements_summary_by_digest.count_star",
    id: "mysql.events_statements_summary_by_digest.digest",
    suite: describeOwnMysql,
    start: () => startMysql({ own: true }),
  },
];

/** Between polls, and between two requests for the lease. */
const intervalMs = 2000;
/** What a busy machine may add. */
const slowMs = 1500;
const nanoPerMs = 1e6;

for (const { receiver, suite, start, calls, id, topLimit } of products) {
  suite("collectors that are killed", () => {
    let server: Server;
    let session: Session;
    let folder: string;
    let executed: number;
    let times: number[];

    beforeAll(async () => {
      server = await start();
      await server.query("CREATE DATABASE shop");
      session = await server.connect({ database: "shop" });
      await session.query("CREATE TABLE counted (id int)");
      await session.end();
    });
    afterAll(() => server?.[Symbol.asyncDispose]());
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), "dbintel-failover-"));
      session = await server.connect({ database: "shop" });
      executed = 0;
      times = [];
    });
    afterEach(async () => {
      await session.end();
      await rm(folder, { recursive: true, force: true });
    });

    /** A collector with a state of its own, or that of one that was killed. */
    async function collector(state: string, settings: readonly string[] = []): Promise<WatchedCollector> {
      const config = join(folder, "dbintel.yaml");
      await writeFile(
        config,
        `
receivers:
  ${receiver}:
    endpoint: ${server.host}:${server.port}
    username: ${server.superuser}
    password: \${env:TEST_PASSWORD}
    tls: { insecure: true }
    initial_delay: 0s
    timeout: 60s
    budget: { max_database_share: "100%" }
    top_query_collection: { ${topLimit}: 1000 }
processors:
  batch: {}
exporters:
  otlp_http: { endpoint: "\${env:OTLP_ENDPOINT}", sending_queue: { enabled: false } }
extensions:
  file_storage: { directory: ${join(folder, "any")} }
service:
  extensions: [file_storage]
  pipelines:
    logs: { receivers: [${receiver}], processors: [batch], exporters: [otlp_http] }
`,
      );
      return WatchedCollector.start({
        config,
        settings: [
          `extensions.file_storage.directory=${join(folder, state)}`,
          `receivers.${receiver}.collection_interval=${intervalMs}ms`,
          `receivers.${receiver}.top_query_collection.collection_interval=${intervalMs}ms`,
          ...settings,
        ],
        env: { TEST_PASSWORD: server.password },
      });
    }

    async function execute(count: number): Promise<void> {
      for (let index = 0; index < count; index++) {
        await session.query("SELECT id FROM counted");
        times.push(Date.now());
      }
      executed += count;
    }

    /** The events that count executions of the statement. They may come before its text. */
    function events(...collectors: readonly WatchedCollector[]): readonly ReceivedRecord[] {
      const records = collectors.flatMap(({ backend }) => backend.records);
      const named = records.filter(({ attributes }) => String(attributes["db.query.text"]).includes("counted"));
      const ids = new Set(named.map(({ attributes }) => attributes[id]));
      return records.filter(({ attributes }) => calls in attributes && ids.has(attributes[id]));
    }

    const reported = (...collectors: readonly WatchedCollector[]) =>
      events(...collectors).reduce((sum, { attributes }) => sum + Number(attributes[calls]), 0);

    const says = ({ process }: WatchedCollector, text: string) => (process.stderr.includes(text) ? true : undefined);

    /** Two of one server: the first polls and reports, the second stands by. */
    async function startPair() {
      const elected = [`receivers.${receiver}.high_availability.enabled=true`];
      const first = await collector("first", elected);
      await first.until("it polls", () => says(first, "holds the lease"));
      const second = await collector("second", elected);
      await second.until("it stands by", () => says(second, "stands by"));
      await first.until("it reports", async () => {
        await execute(1);
        return events(first).length > 1 ? true : undefined;
      });
      return {
        first,
        second,
        async [Symbol.asyncDispose]() {
          await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]);
        },
      };
    }

    /** The second has begun after the first ended, no later than this, and what both tell fits what was executed. */
    function expectExactly(first: WatchedCollector, second: WatchedCollector, mostGapMs: number): void {
      const lastMs = Math.max(...events(first).map(({ timeUnixNano }) => Number(timeUnixNano))) / nanoPerMs;
      const start = events(second)[0]?.attributes["dbintel.interval.start_time_unix_nano"];
      const beganMs = Number(start) / nanoPerMs;
      expect(beganMs).toBeGreaterThan(lastMs);
      expect(beganMs - lastMs).toBeLessThanOrEqual(mostGapMs + slowMs);
      // What is missing was executed between the last reading of the one and the first of the other.
      const between = times.filter((time) => time >= lastMs && time <= beganMs + slowMs).length;
      expect(executed - reported(first, second)).toBeGreaterThanOrEqual(0);
      expect(executed - reported(first, second)).toBeLessThanOrEqual(between);
    }

    /** When a collector saved last what its next poll compares with; `undefined` before its first poll. */
    async function savedMs(state: string): Promise<number | undefined> {
      const names = await readdir(join(folder, state)).catch(() => []);
      const file = names.find((name) => name.endsWith("statements"));
      return file === undefined ? undefined : (await stat(join(folder, state, file))).mtimeMs;
    }

    it("lose no execution and count none twice when they are started again", async () => {
      await using first = await collector("state");
      await first.until("it has polled", () => savedMs("state"));
      await execute(50);
      await first.until("all is reported", () => (reported(first) >= executed ? true : undefined));
      const before = await savedMs("state");
      await first.until("that was saved", async () => ((await savedMs("state")) === before ? undefined : true));
      first.process.kill("SIGKILL");
      await first.process.exited;
      await execute(70);
      await using second = await collector("state");
      await second.until("what happened meanwhile is reported", () =>
        reported(first, second) >= executed ? true : undefined,
      );
      expect(events(first, second).slice(-1)[0]?.attributes[calls]).toBe("70");
      await execute(5);
      await second.until("it goes on", () => (reported(first, second) >= executed ? true : undefined));
      expect(reported(first, second)).toBe(executed);
      expect(second.process.stderr).toContain("goes on from the last poll before the restart");
    });

    it("are replaced within two intervals by one that stood by, which counts nothing again", async () => {
      await using pair = await startPair();
      const { first, second } = pair;
      // Executions go on while one is killed and the other begins.
      first.process.kill("SIGKILL");
      await first.process.exited;
      await second.until("the other reports", async () => {
        await execute(1);
        return events(second)[0];
      });
      const counted = reported(first, second);
      await execute(30);
      await second.until("it goes on", () => (reported(first, second) >= counted + 30 ? true : undefined));
      expectExactly(first, second, 2 * intervalMs);
    });

    // One server is enough: what ends a silent session is tested for each in its receiver.
    if (receiver === "mysql") return;

    it("are replaced when they hang, and count nothing more when they go on", async () => {
      await using pair = await startPair();
      const { first, second } = pair;
      first.process.kill("SIGSTOP");
      await second.until("the other reports", async () => {
        await execute(1);
        return events(second)[0];
      });
      first.process.kill("SIGCONT");
      await first.until("it knows that it lost the lease", () => says(first, "has lost the lease"));
      const counted = reported(first, second);
      await execute(30);
      await second.until("the other goes on", () => (reported(first, second) >= counted + 30 ? true : undefined));
      // The server waits one interval for a session that is silent.
      expectExactly(first, second, 3 * intervalMs);
    });
  });
}
