import { readdir, readFile } from "node:fs/promises";
import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { ServerSessions } from "@dbintel/watching";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { never, settingsOf } from "./watch.ts";

/** Beside what lasts or was left the server has at most one session, which ends a statement or looks whether it has. */
const shortSessions = 1;
const monitor = { username: "monitor", password: "monitor-password" };
const rounds = 4;
/** Long enough for an answer on a busy machine. */
const patientMs = 10_000;

const servers = [
  { describe: describeOwnMysql, start: () => startMysql({ own: true }) },
  { describe: describeMariadb, start: () => startMariadb() },
];

for (const { describe, start } of servers) {
  describe("sessions of a server that does not answer", () => {
    let server: MysqlServer;
    /** The two lasting sessions of a receiver. */
    let connections: readonly [DatabaseConnection, DatabaseConnection];

    beforeAll(async () => {
      server = await start();
      await server.query(`CREATE USER '${monitor.username}'@'%' IDENTIFIED BY '${monitor.password}'`);
      await server.query("CREATE DATABASE app");
      await server.query("CREATE TABLE app.held (id int)");
      await server.query(`GRANT SELECT ON app.* TO '${monitor.username}'@'%'`);
    });
    afterAll(() => server?.stop());

    beforeEach(() => {
      const sessions = new ServerSessions({ endpoint: `${server.host}:${server.port}` });
      const patient = { statementTimeoutMs: 600_000, lockTimeoutMs: 600_000 };
      const settings = { ...settingsOf(server, monitor), sessions, ...patient };
      connections = [new DatabaseConnection(settings), new DatabaseConnection(settings)];
    });
    afterEach(() => Promise.all(connections.map((connection) => connection.close())));

    async function own(): Promise<number[]> {
      const rows = await server.query<RowDataPacket & { id: number }>(
        `SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = '${monitor.username}'`,
      );
      return rows.map(({ id }) => Number(id));
    }

    async function expectOnly(...ids: readonly number[]): Promise<void> {
      await eventually("no other session is there", async () => {
        const there = await own();
        expect(there.length).toBeLessThanOrEqual(ids.length + shortSessions);
        expect(there).toEqual(expect.arrayContaining([...ids]));
        return there.length === ids.length ? true : undefined;
      });
    }

    async function threadId(connection: DatabaseConnection): Promise<number> {
      const [row] = await connection.query("SELECT CONNECTION_ID() AS id", [], never);
      return Number(row?.id);
    }

    /** Asks as a poll whose deadline passes; answers with what it met. */
    async function ask(connection: DatabaseConnection, sql = "SELECT 1 AS one", deadlineMs = 200): Promise<unknown> {
      const deadline = new AbortController();
      const timer = setTimeout(() => deadline.abort(new Error("late")), deadlineMs);
      return connection
        .query(sql, [], deadline.signal)
        .catch((error: unknown) => error)
        .finally(() => clearTimeout(timer));
    }

    it("ends a statement that waits for a lock, and goes on with the session", async () => {
      const [connection] = connections;
      const holder = await server.connect({ database: "app" });
      await holder.query("LOCK TABLES held WRITE");
      const id = await threadId(connection);
      for (let round = 0; round < rounds; round++) {
        expect(await ask(connection, "SELECT COUNT(*) AS n FROM app.held")).toMatchObject({ message: "late" });
        await expectOnly(id);
      }
      await holder.end();
      expect(await connection.query("SELECT COUNT(*) AS n FROM app.held", [], never)).toMatchObject([{ n: 0n }]);
      expect(await threadId(connection)).toBe(id);
    });

    it("has no more sessions than before when a server that was stopped is continued", async () => {
      await threadId(connections[0]);
      await threadId(connections[1]);
      const [row] = await server.query<RowDataPacket & { file: string }>("SELECT @@pid_file AS file");
      const pid = Number(await readFile(row?.file ?? "", "utf8"));
      process.kill(pid, "SIGSTOP");
      try {
        await eventually("every thread has stopped", async () => ((await isStopped(pid)) ? true : undefined));
        await Promise.all(connections.map(async (connection) => expect(await ask(connection)).toBeInstanceOf(Error)));
        expect(await ask(connections[0])).toBeInstanceOf(Error);
      } finally {
        process.kill(pid, "SIGCONT");
      }
      await eventually("both are answered again", async () => {
        const answers = await Promise.all(connections.map((connection) => ask(connection, undefined, patientMs)));
        return answers.some((answer) => answer instanceof Error) ? undefined : true;
      });
      await expectOnly(await threadId(connections[0]), await threadId(connections[1]));
    });
  });
}

async function isStopped(pid: number): Promise<boolean> {
  const threads = await readdir(`/proc/${pid}/task`);
  const states = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/status`, "utf8").catch(() => "State:\tT")),
  );
  return states.every((status) => /^State:\s+T/m.test(status));
}
