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
  query(sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
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
  /** Tells the `id` of the session that holds the lease; no row, or NULL, while there is none. */
  readonly leaseHolder: string;
}

const products: readonly Product[] = [
  {
    ...{ receiver: "postgresql", calls: "postgresql.calls", id: "postgresql.queryid", topLimit: "top_n_query" },
    suite: (name, body) => describePostgres(18, name, body),
    start: () => startPostgres(),
    leaseHolder: "SELECT pid AS id FROM pg_locks WHERE locktype = 'advisory' AND granted",
  },
  {
    ...{ receiver: "mysql", topLimit: "top_query_count" },
    calls: "mysql.events_statements_summary_by_digest.count_star",
    id: "mysql.events_statements_summary_by_digest.digest",
    suite: describeOwnMysql,
    start: () => startMysql({ own: true }),
    leaseHolder: "SELECT IS_USED_LOCK('dbintel/default') AS id",
  },
];

const intervalMs = 2000;
/** Between two requests for the lease, which is lost by who is silent for so long, also for want of a processor. */
const leaseMs = 5000;

for (const { receiver, suite, start, calls, id, topLimit, leaseHolder } of products) {
  suite("collectors that are killed", () => {
    let server: Server;
    let session: Session;
    let folder: string;
    let executed: number;

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
      for (let index = 0; index < count; index++) await session.query("SELECT id FROM counted");
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

    /** What a collector says of itself: polls that have ended, and whether it has the lease. */
    async function standing(collector: WatchedCollector) {
      const text = await collector.metrics();
      const polls = (poller: string) =>
        [...text.matchAll(new RegExp(`^dbintel_receiver_polls\\{.*poller="${poller}".*\\} (\\d+)$`, "gm"))].reduce(
          (sum, [, count]) => sum + Number(count),
          0,
        );
      const leads = /^dbintel_receiver_lease\{.*\} 1$/m.test(text);
      return { asked: polls("lease"), polled: polls("statements"), leads };
    }

    /** Waits until statements have been polled from beginning to end. */
    async function wholePoll(collector: WatchedCollector, meanwhile: () => Promise<void> = async () => {}) {
      const { polled } = await standing(collector);
      await collector.until("it has polled from beginning to end", async () => {
        await meanwhile();
        return (await standing(collector)).polled >= polled + 2 ? true : undefined;
      });
    }

    /** Two of one server: the first polls and has reported all that was executed, the second stands by. */
    async function startPair() {
      const elected = [
        `receivers.${receiver}.high_availability.enabled=true`,
        `receivers.${receiver}.high_availability.interval=${leaseMs}ms`,
      ];
      const first = await collector("first", elected);
      await first.until("it polls", () => says(first, "holds the lease"));
      const second = await collector("second", elected);
      await second.until("it stands by", () => says(second, "stands by"));
      await wholePoll(first);
      await first.until("it reports", async () => {
        await execute(1);
        return events(first).length > 1 ? true : undefined;
      });
      await first.until("it has reported all", () => (reported(first) === executed ? true : undefined));
      return {
        first,
        second,
        async [Symbol.asyncDispose]() {
          await Promise.all([first[Symbol.asyncDispose](), second[Symbol.asyncDispose]()]);
        },
      };
    }

    const holder = async () => (await server.query(leaseHolder))[0]?.id ?? undefined;

    /**
     * Waits until the second has the lease that the first had, and knows what it counts from; executions go on meanwhile.
     * Answers with how many there were, of which neither may know.
     */
    async function replaced(second: WatchedCollector, held: unknown): Promise<number> {
      const before = executed;
      await second.until("the server has ended the session", async () => {
        await execute(1);
        return (await holder()) === held ? undefined : true;
      });
      const { asked: askedBefore } = await standing(second);
      await second.until("the second has the lease", async () => {
        await execute(1);
        const { asked, leads } = await standing(second);
        if (leads) return true;
        // One was on its way, perhaps.
        expect(asked - askedBefore, "times that it asked in vain for a lock that was free").toBeLessThanOrEqual(1);
        return undefined;
      });
      await wholePoll(second, () => execute(1));
      return executed - before;
    }

    /** Ends both. The second has begun after the first ended, and both have told all but what was executed in between. */
    async function expectExactly(first: WatchedCollector, second: WatchedCollector, between: number): Promise<void> {
      for (const { process } of [first, second]) if (process.running) expect((await process.stop()).code).toBe(0);
      const last = events(first).reduce((latest, { timeUnixNano = 0 }) => Math.max(latest, Number(timeUnixNano)), 0);
      const start = events(second)[0]?.attributes["dbintel.interval.start_time_unix_nano"];
      expect(Number(start)).toBeGreaterThan(last);
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

    it("are replaced by one that stood by when it next asks, which counts nothing again", async () => {
      await using pair = await startPair();
      const { first, second } = pair;
      const held = await holder();
      first.process.kill("SIGKILL");
      await first.process.exited;
      const between = await replaced(second, held);
      await execute(30);
      await wholePoll(second);
      await expectExactly(first, second, between);
    });

    // One server is enough: what ends a silent session is tested for each in its receiver.
    if (receiver === "mysql") return;

    it("are replaced when they hang, and count nothing more when they go on", async () => {
      await using pair = await startPair();
      const { first, second } = pair;
      const held = await holder();
      first.process.kill("SIGSTOP");
      const between = await replaced(second, held);
      first.process.kill("SIGCONT");
      await first.until("it knows that it lost the lease", () => says(first, "has lost the lease"));
      await execute(30);
      await wholePoll(second);
      await expectExactly(first, second, between);
    });
  });
}
