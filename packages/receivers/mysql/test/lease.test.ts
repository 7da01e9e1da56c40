import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { SessionLock } from "@dbintel/watching";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { NamedLock } from "../src/lease/named-lock.ts";
import { never, settingsOf } from "./watch.ts";

/** Longer than a machine stands still that has much else to do. */
const lifetimeMs = 60_000;
const shortLifetimeMs = 2000;

const servers = [
  { describe: describeOwnMysql, start: () => startMysql({ own: true }) },
  { describe: describeMariadb, start: () => startMariadb() },
];

for (const { describe, start } of servers) {
  describe("the lock that decides which collector polls", () => {
    let server: MysqlServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());

    let contenders = 0;
    function contender(name = "default") {
      const connection = new DatabaseConnection(settingsOf(server));
      const args = { endpoint: `${server.host}:${server.port}`, mark: `${++contenders}` };
      return { connection, lock: new SessionLock({ ...args, dialect: new NamedLock(connection, name) }) };
    }

    it("is one session's, and another's as soon as that has ended", async () => {
      const [first, second, other] = [contender(), contender(), contender("other")];
      expect(await first.lock.take(lifetimeMs, never)).toBe(true);
      expect(await first.lock.holds(never)).toBe(true);
      expect(await second.lock.take(lifetimeMs, never)).toBe(false);
      expect(await second.lock.holds(never)).toBe(false);
      expect(await other.lock.take(lifetimeMs, never)).toBe(true);
      const { session } = first.lock;
      await server.query(`KILL CONNECTION ${first.connection.threadId}`);
      await eventually("the other has it", async () =>
        (await second.lock.take(lifetimeMs, never)) ? true : undefined,
      );
      await eventually("the first knows", () => (first.lock.session === session ? undefined : true));
      expect(await first.lock.take(lifetimeMs, never)).toBe(false);
      for (const { connection } of [first, second, other]) await connection.close();
    });

    it("is given back by the server when nothing is heard of the session", async () => {
      const [first, second] = [contender(), contender()];
      expect(await first.lock.take(shortLifetimeMs, never)).toBe(true);
      await eventually("the other has it", async () =>
        (await second.lock.take(lifetimeMs, never)) ? true : undefined,
      );
      for (const { connection } of [first, second]) await connection.close();
    });
  });
}
