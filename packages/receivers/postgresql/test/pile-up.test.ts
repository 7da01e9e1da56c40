import { readdir, readFile } from "node:fs/promises";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { ServerSessions } from "@dbintel/watching";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { applicationName, DatabaseConnection } from "../src/connection/connection.ts";
import { never, settingsOf } from "./watch.ts";

/** Beside what lasts or was left the server has at most one session, which looks whether that has ended. */
const shortSessions = 1;
const rounds = 4;
/** Long enough for an answer on a busy machine. */
const patientMs = 10_000;

describePostgres(18, "sessions of a server that does not answer", () => {
  let server: PostgresServer;
  /** The two lasting sessions of a receiver. */
  let connections: readonly [DatabaseConnection, DatabaseConnection];
  let stopped: number[];

  beforeAll(async () => {
    server = await startPostgres({ settings: { autovacuum: false } });
    await server.query("CREATE TABLE held (id int)");
    // It does not listen: what it is asked to give up goes on until its own end.
    await server.query(
      `CREATE FUNCTION deaf() RETURNS text LANGUAGE plpgsql AS $$
         BEGIN PERFORM pg_sleep(600); EXCEPTION WHEN query_canceled THEN PERFORM pg_sleep(600); END $$`,
    );
  });
  afterAll(() => server?.stop());

  beforeEach(() => {
    const sessions = new ServerSessions({ endpoint: `${server.host}:${server.port}` });
    const settings = { ...settingsOf(server), sessions, statementTimeoutMs: 600_000 };
    connections = [new DatabaseConnection(settings, "postgres"), new DatabaseConnection(settings, "postgres")];
    stopped = [];
  });
  afterEach(async () => {
    resume();
    await Promise.all(connections.map((connection) => connection.close()));
    await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${applicationName}'`,
    );
    await eventually("no session is left", async () => ((await own()).length === 0 ? true : undefined));
  });

  /** The collector's sessions, as an administrator sees them. */
  async function own(): Promise<number[]> {
    const rows = await server.query<{ pid: number }>(
      `SELECT pid FROM pg_stat_activity WHERE application_name = '${applicationName}'`,
    );
    return rows.map(({ pid }) => pid);
  }

  /** Those that are there when a short one has ended; meanwhile there are never more than that one beside them. */
  async function expectOnly(...pids: readonly number[]): Promise<void> {
    await eventually("no other session is there", async () => {
      const there = await own();
      expect(there.length).toBeLessThanOrEqual(pids.length + shortSessions);
      expect(there).toEqual(expect.arrayContaining([...pids]));
      return there.length === pids.length ? true : undefined;
    });
  }

  async function expectAnswers(): Promise<void> {
    await eventually("both are answered again", async () => {
      const answers = await Promise.all(connections.map((connection) => ask(connection, undefined, patientMs)));
      expect((await own()).length).toBeLessThanOrEqual(connections.length + shortSessions);
      return answers.some((answer) => answer instanceof Error) ? undefined : true;
    });
    await expectOnly(await processId(connections[0]), await processId(connections[1]));
  }

  async function processId(connection: DatabaseConnection): Promise<number> {
    const [row] = await connection.query("SELECT pg_backend_pid() AS pid", [], never);
    return Number(row?.pid);
  }

  /** One that has ended is stopped too: whoever would take note of it is stopped before. */
  async function stop(...processes: readonly number[]): Promise<void> {
    stopped.push(...processes);
    for (const pid of processes) {
      process.kill(pid, "SIGSTOP");
      await eventually("it has stopped", async () =>
        /^State:\s+[TZ]/m.test(await readFile(`/proc/${pid}/status`, "utf8")) ? true : undefined,
      );
    }
  }

  function resume(): void {
    for (const pid of stopped.splice(0).reverse()) process.kill(pid, "SIGCONT");
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

  it("ends a statement whose poll is given up, and goes on with the session", async () => {
    const [connection] = connections;
    const pid = await processId(connection);
    for (let round = 0; round < rounds; round++) {
      expect(await ask(connection, "SELECT pg_sleep(600)")).toMatchObject({ message: "late" });
      // The error is sent before the transaction is rolled back.
      await eventually("the session is idle", async () => {
        const rows = await server.query(`SELECT FROM pg_stat_activity WHERE pid = ${pid} AND state = 'idle'`);
        return rows.length === 1 ? true : undefined;
      });
      expect(await processId(connection)).toBe(pid);
      await expectOnly(pid);
    }
  });

  it("ends a statement that waits for an ACCESS EXCLUSIVE lock", async () => {
    const settings = { ...settingsOf(server), lockTimeoutMs: 600_000, statementTimeoutMs: 600_000 };
    const patient = new DatabaseConnection(settings, "postgres");
    const holder = await server.connect();
    await holder.query("BEGIN; LOCK TABLE held IN ACCESS EXCLUSIVE MODE");
    const pid = await processId(patient);
    for (let round = 0; round < rounds; round++) {
      expect(await ask(patient, "SELECT count(*) FROM public.held")).toMatchObject({ message: "late" });
      await expectOnly(pid);
    }
    await holder.end();
    expect(await patient.query("SELECT count(*) AS n FROM public.held", [], never)).toEqual([{ n: 0n }]);
    await patient.close();
  });

  it("sends nothing in place of a statement that does not end, until it has ended", async () => {
    const [connection, other] = connections;
    const pid = await processId(connection);
    expect(await ask(connection, "SELECT public.deaf()")).toMatchObject({ message: "late" });
    for (let round = 0; round < rounds; round++) {
      expect(await connection.query("SELECT 1", [], never).catch((error: unknown) => error)).toMatchObject({
        code: "DBI_TIMEOUT",
        message: expect.stringContaining("has not ended a statement"),
      });
      // Nor does another class take the place of what is still running.
      expect(await other.query("SELECT 1", [], never).catch((error: unknown) => error)).toMatchObject({
        code: "DBI_TIMEOUT",
      });
      await expectOnly(pid);
    }
    await server.query(`SELECT pg_terminate_backend(${pid}, 10000)`);
    const next = await processId(connection);
    expect(next).not.toBe(pid);
    await expectOnly(next);
  });

  it("opens none in place of those that are stopped, and goes on when they are continued", async () => {
    const pids = [await processId(connections[0]), await processId(connections[1])];
    await stop(...pids);
    for (let round = 0; round < rounds; round++) {
      for (const connection of connections) expect(await ask(connection)).toBeInstanceOf(Error);
      await expectOnly(...pids);
    }
    resume();
    await expectAnswers();
  });

  it("has no more sessions than before when a server that was stopped as a whole is continued", async () => {
    const pid = await processId(connections[0]);
    await processId(connections[1]);
    const postmaster = Number(/^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, "utf8"))?.[1]);
    // From here on none begins, and none that ends is gone.
    await stop(postmaster);
    await stop(...(await childrenOf(postmaster)));
    await Promise.all(connections.map(async (connection) => expect(await ask(connection)).toBeInstanceOf(Error)));
    expect(await ask(connections[0])).toBeInstanceOf(Error);
    resume();
    await expectAnswers();
  });
});

async function childrenOf(parent: number): Promise<number[]> {
  const children: number[] = [];
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const status = await readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    if (Number(/^PPid:\s*(\d+)$/m.exec(status)?.[1]) === parent) children.push(Number(name));
  }
  return children;
}
