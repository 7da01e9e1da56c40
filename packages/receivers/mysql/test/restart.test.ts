import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost, MemoryStorage } from "@dbintel/pipeline/testing";
import type { Connection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { eventsOf, watch } from "./watch.ts";

const servers = [
  { describe: describeOwnMysql, start: () => startMysql({ own: true }) },
  { describe: describeMariadb, start: () => startMariadb() },
];

for (const { describe, start } of servers) {
  describe("a receiver that is restarted", () => {
    let server: MysqlServer;
    let load: Connection;
    let checkpoint: Uint8Array;
    const closing: (() => Promise<void>)[] = [];

    beforeAll(async () => {
      server = await start();
      await server.query("CREATE DATABASE app");
      await server.query("CREATE TABLE app.t (id int)");
    });
    afterAll(() => server?.stop());

    beforeEach(async () => {
      load = await server.connect({ database: "app" });
      checkpoint = new Uint8Array();
    });
    afterEach(async () => {
      await Promise.all(closing.splice(0).map((close) => close()));
      await load.end();
    });

    /** The polls of a new process, with what the last one has saved. */
    function process(options: { readonly checkpointMaxAgeMs?: number } = {}) {
      const host = createTestHost({ storage: new MemoryStorage() });
      const watched = watch(server, { host, ...options, reportsSchema: (schema) => schema === "app" });
      closing.push(() => watched.close());
      const used = checkpoint.length > 0 && watched.baseline.restore(checkpoint);
      return {
        host,
        used,
        async calls(): Promise<number> {
          const events = eventsOf((await watched.poll()).batches);
          checkpoint = watched.baseline.take() ?? checkpoint;
          return events.reduce((sum, event) => sum + event.counter("count_star"), 0);
        },
        messages: () => host.lines.map(({ message }) => message),
      };
    }

    /** Runs statements; the server has counted them then: it does so before it takes what comes next. */
    async function run(count: number): Promise<void> {
      for (let index = 0; index < count; index++) await load.query("SELECT id FROM t");
      await load.ping();
    }

    it("tells exactly what happened since the last poll of the process before", async () => {
      await run(5);
      const first = process();
      expect(await first.calls()).toBe(0);
      await run(7);
      expect(await first.calls()).toBe(7);
      await run(11);
      const second = process();
      expect(second.used).toBe(true);
      expect(await second.calls()).toBe(11);
      await run(2);
      expect(await second.calls()).toBe(2);
      expect(second.messages()).toContainEqual(expect.stringMatching(/goes on from the last poll before the restart/));
    });

    it("takes what a restarted or emptied server counts for what happened since", async () => {
      const first = process();
      await first.calls();
      await run(20);
      await first.calls();
      await server.query("TRUNCATE performance_schema.events_statements_summary_by_digest");
      await run(30);
      const second = process();
      expect(await second.calls()).toBe(30);
      await load.end();
      await server.restart({});
      load = await server.connect({ database: "app" });
      await run(3);
      const third = process();
      expect(await third.calls()).toBe(3);
    });

    it("begins anew when the checkpoint is too old or another server's, and says so", async () => {
      const first = process();
      await run(20);
      await first.calls();
      const saved = checkpoint;
      const old = process({ checkpointMaxAgeMs: 0 });
      expect(await old.calls()).toBe(0);
      expect(old.messages()).toContainEqual(expect.stringMatching(/is not used: it is older than 0 s$/));
      const text = Buffer.from(saved).toString("latin1");
      const identity = /"identity":"[^"/]*/.exec(text)?.[0] ?? "";
      checkpoint = Buffer.from(text.replace(identity, identity.replace(/.$/, "#")), "latin1");
      const elsewhere = process();
      expect(elsewhere.used).toBe(true);
      expect(await elsewhere.calls()).toBe(0);
      expect(elsewhere.messages()).toContainEqual(expect.stringMatching(/is not used: another server answers$/));
    });

    /** The looks at sessions of another process, with what the first one has kept. */
    function looksAfter(first: ReturnType<typeof watch>): ReturnType<typeof watch> {
      const second = watch(server);
      closing.push(() => second.close());
      for (const [index, look] of second.lastLooks.entries()) {
        const kept = first.lastLooks[index]?.take();
        expect(kept !== undefined && look.restore(kept)).toBe(true);
      }
      return second;
    }

    it("tells of the statements that have ended since the last look of the process before, once", async () => {
      await server.query(
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME LIKE 'events_statements_%'",
      );
      const first = watch(server);
      closing.push(() => first.close());
      await first.pollDeadlocks();
      await first.pollActivity();
      await load.query("SELECT 1 AS between_the_looks");
      const second = looksAfter(first);
      const texts: string[] = [];
      await eventually("the statement is told", async () => {
        texts.push(...eventsOf((await second.pollActivity()).batches).map((event) => event.text("db.query.text")));
        return texts.some((text) => text.includes("between_the_looks")) ? true : undefined;
      });
      for (let times = 0; times < 3; times++) {
        texts.push(...eventsOf((await second.pollActivity()).batches).map((event) => event.text("db.query.text")));
      }
      expect(texts.filter((text) => text.includes("between"))).toEqual(["SELECT ? AS between_the_looks"]);
    });

    it("tells of the deadlock that happened since the last look of the process before, once", async () => {
      await server.query("CREATE TABLE app.pair (id int PRIMARY KEY, v int) ENGINE=InnoDB");
      await server.query("INSERT INTO app.pair VALUES (1, 0), (2, 0)");
      const first = watch(server);
      closing.push(() => first.close());
      await first.pollActivity();
      await first.pollDeadlocks();
      const other = await server.connect({ database: "app" });
      for (const [session, id] of [
        [load, 1],
        [other, 2],
      ] as const) {
        await session.beginTransaction();
        await session.query(`UPDATE pair SET v = v + 1 WHERE id = ${id}`);
      }
      const outcomes = await Promise.allSettled([
        load.query("UPDATE pair SET v = 3 WHERE id = 2"),
        other.query("UPDATE pair SET v = 3 WHERE id = 1"),
      ]);
      expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      await Promise.all([load.rollback(), other.rollback()]);
      await other.end();
      const second = looksAfter(first);
      const events = await eventually("the deadlock is told", async () => {
        const found = eventsOf((await second.pollDeadlocks()).batches);
        return found.length > 0 ? found : undefined;
      });
      expect(events).toHaveLength(2);
      await second.pollActivity();
      expect(eventsOf((await looksAfter(second).pollDeadlocks()).batches)).toEqual([]);
    });

    it("does not take a damaged checkpoint, or that of another database", async () => {
      const first = process();
      await run(3);
      await first.calls();
      const whole = checkpoint;
      checkpoint = whole.subarray(0, whole.length - 8);
      expect(process().used).toBe(false);
      checkpoint = Buffer.from(Buffer.from(whole).toString("latin1").replace("mysql stat", "other stat"), "latin1");
      expect(process().used).toBe(false);
    });
  });
}
