import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { breakers, defaultBreakerSettings } from "@dbintel/guard";
import type { Connection, RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isAlone } from "./session-states.ts";
import { watch } from "./watch.ts";

const monitor = { username: "monitor", password: "monitor" };
const application = { user: "application", password: "application" };
const { failureThreshold, maxOpenMs } = defaultBreakerSettings;
const settings = { "max-connections": 10 };

const servers = [
  { suite: describeOwnMysql, start: () => startMysql({ own: true, settings }) },
  { suite: describeMariadb, start: () => startMariadb(settings) },
] as const;

for (const { suite, start } of servers) {
  suite("a server without a free connection", () => {
    let server: MysqlServer;
    /** The superuser's: the one that is kept free for it. */
    let admin: Connection;

    beforeAll(async () => {
      server = await start();
      for (const sql of [
        `CREATE USER '${monitor.username}'@'%' IDENTIFIED BY '${monitor.password}'`,
        `GRANT SELECT ON performance_schema.* TO '${monitor.username}'@'%'`,
        `CREATE USER '${application.user}'@'%' IDENTIFIED BY '${application.password}'`,
        "UPDATE performance_schema.setup_consumers SET ENABLED = 'YES' WHERE NAME = 'events_statements_current'",
      ]) {
        await server.query(sql);
      }
      admin = await server.connect();
    });
    afterAll(async () => {
      admin?.destroy();
      await server?.stop();
    });

    /** How often somebody knocked: MariaDB does not count whom it turned away for want of room. */
    async function attempts(): Promise<number> {
      const [[row]] = await admin.query<(RowDataPacket & { Value: string })[]>("SHOW GLOBAL STATUS LIKE 'Connections'");
      return Number(row?.Value);
    }

    async function takeAllConnections(): Promise<Connection[]> {
      // None becomes free later.
      await isAlone(admin);
      const taken: Connection[] = [];
      try {
        for (;;) taken.push(await server.connect(application));
      } catch {
        return taken;
      }
    }

    it("is left alone while the breaker is open, then asked for nothing but an answer before anything else", async () => {
      const watched = watch(server, { user: monitor });
      const guarded = watched.host.shared(breakers).database(`${server.host}:${server.port}`, "");
      const taken = await takeAllConnections();
      expect(taken.length).toBeGreaterThan(0);
      try {
        const before = await attempts();
        for (let failure = 0; failure < failureThreshold; failure++) {
          await expect(watched.pollGuarded()).rejects.toThrow(/Too many connections/);
        }
        expect(guarded.whole.state).toBe("open");
        expect(guarded.intervalFactor).toBeGreaterThan(1);
        const knocked = await attempts();
        expect(knocked).toBeGreaterThanOrEqual(before + failureThreshold);

        // However often it is polled, the server hears nothing more, and nothing is lost or made up.
        for (let times = 0; times < 100; times++) {
          const held = await watched.pollGuarded();
          expect(held.batches).toEqual([]);
          expect(held.problems).toHaveLength(1);
        }
        expect(await attempts()).toBe(knocked);
      } finally {
        for (const connection of taken) await connection.end();
      }
      await isAlone(admin);

      await watched.host.clock.advance(maxOpenMs);
      const probe = await watched.pollGuarded();
      expect(probe.batches).toEqual([]);
      const [seen] = await admin.query<(RowDataPacket & { text: string })[]>(
        `SELECT s.SQL_TEXT AS text FROM performance_schema.events_statements_current s
           JOIN performance_schema.threads t USING (THREAD_ID) WHERE t.PROCESSLIST_USER = ?`,
        [monitor.username],
      );
      expect(seen.map(({ text }) => text)).toEqual(["SELECT /* dbintel */ NULL AS dbintel_own, NULL"]);

      // The slow start of the server as a whole, then of the class: a bounded number of polls, and all is as before.
      let polls = 0;
      while (guarded.whole.state !== "closed") {
        await watched.pollGuarded();
        expect(++polls).toBeLessThan(20);
      }
      while ((await watched.pollGuarded()).batches.length === 0) expect(++polls).toBeLessThan(20);
      await watched.close();
    });
  });
}
