import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { pointsOf } from "@dbintel/pipeline/testing";
import pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Errand, Visit } from "../src/visits/errand.ts";
import { visitDatabases } from "./visiting.ts";
import { never } from "./watch.ts";

describe("visits to the databases of a real server", () => {
  let server: PostgresServer;
  let close: (() => Promise<void>) | undefined;
  const otel = { username: "otel", password: "otel-password" };

  beforeAll(async () => {
    server = await startPostgres();
    for (const name of ["a", "b", "closed"]) await server.query(`CREATE DATABASE ${name}`);
    await server.query("CREATE ROLE otel LOGIN PASSWORD 'otel-password' IN ROLE pg_monitor");
    await server.query("REVOKE CONNECT ON DATABASE closed FROM PUBLIC");
  });

  afterAll(() => server.stop());
  afterEach(() => close?.());

  function errand(run: (visit: Visit) => Promise<void>, name = "looking"): Errand {
    return { name, intervalMs: 60_000, run };
  }

  function start(options: Omit<Parameters<typeof visitDatabases>[1], "user">) {
    const databases = visitDatabases(server, { user: otel, ...options });
    close = databases.close;
    return databases;
  }

  async function ownSessions(): Promise<number> {
    const [row] = await server.query<{ sessions: number }>(
      "SELECT count(*)::int AS sessions FROM pg_stat_activity WHERE application_name = 'dbintel'",
    );
    return row?.sessions ?? 0;
  }

  it("are one short session at a time in each database that may be entered, for all that is due there", async () => {
    const seen: string[] = [];
    const look = (name: string) =>
      errand(async ({ connection, database, signal }) => {
        const [row] = await connection.query("SELECT current_database() AS name, pg_backend_pid() AS pid", [], signal);
        seen.push(`${name} ${database} ${row?.name} ${await ownSessions()}`);
      }, name);
    const databases = start({ errands: [look("first"), look("second")] });
    const result = await databases.round();
    expect(seen).toEqual(
      ["a", "b", "postgres"].flatMap((name) => [`first ${name} ${name} 2`, `second ${name} ${name} 2`]),
    );
    expect(result.problems).toMatchObject([
      {
        code: "DBI_DATABASE_PERMISSION",
        message: "user otel may not connect to database closed on test:5432",
        hint: "GRANT CONNECT ON DATABASE closed TO otel; or name it in exclude_databases",
      },
    ]);
    await databases.round();
    expect(seen).toHaveLength(6);
    await databases.host.clock.advance(60_000);
    await databases.round();
    expect(seen).toHaveLength(12);
  });

  it("leave out what is not to be reported", async () => {
    const seen: string[] = [];
    const databases = start({
      errands: [errand(async ({ database }) => void seen.push(database))],
      reportsDatabase: (name) => name === "b",
    });
    expect((await databases.round()).problems).toEqual([]);
    expect(seen).toEqual(["b"]);
  });

  it("go on when one database fails, which is asked again later and later, and tell how late they are", async () => {
    const tried: string[] = [];
    const databases = start({
      errands: [
        errand(async ({ connection, database, signal }) => {
          tried.push(database);
          await connection.query(database === "a" ? "SELECT nonsense" : "SELECT 1", [], signal);
        }),
      ],
      reportsDatabase: (name) => name !== "closed",
    });
    const first = await databases.round();
    expect(tried).toEqual(["a", "b", "postgres"]);
    expect(first.problems).toMatchObject([{ message: expect.stringContaining("looking of database a: ") }]);
    expect(pointsOf(first.batches).map(({ name, value }) => [name, value])).toEqual([
      ["dbintel.postgresql.visit.lag", 0],
      ["dbintel.postgresql.visit.pending", 0n],
    ]);
    await databases.host.clock.advance(60_000);
    await databases.round();
    await databases.host.clock.advance(60_000);
    await databases.round();
    expect(tried.filter((name) => name === "a")).toHaveLength(2);
    expect(tried.filter((name) => name === "b")).toHaveLength(3);
  });

  it("hand on what they found when the next one loses its session, and do not stop at it for ever", async () => {
    const tried: string[] = [];
    const lost = errand(async ({ connection, database, signal, metrics, timeUnixNano }) => {
      tried.push(database);
      metrics.gauge({ name: "visited" }, [{ attributes: { database }, timeUnixNano, value: 1n }]);
      if (database === "b") await connection.query("SELECT pg_terminate_backend(pg_backend_pid())", [], signal);
    });
    const databases = start({ errands: [lost], reportsDatabase: (name) => name !== "closed" });
    const first = await databases.round();
    expect(pointsOf(first.batches).filter(({ name }) => name === "visited").length).toBeGreaterThan(0);
    expect(first.problems?.length).toBeGreaterThan(0);
    await databases.round();
    expect(tried).toEqual(["a", "b", "postgres"]);
  });

  it("move on what is compared with only when what was found was taken", async () => {
    let taken = 0;
    const databases = start({ errands: [errand(async ({ onTaken }) => onTaken(() => taken++))] });
    await databases.peek();
    expect(taken).toBe(0);
    await databases.host.clock.advance(60_000);
    await databases.round();
    expect(taken).toBe(3);
  });

  it("end their session whatever becomes of them, and wait for each other", async () => {
    const { visits } = start({ errands: [] });
    const failing = visits.visit({ database: "a", signal: never }, (connection) =>
      connection.query("SELECT nonsense", [], never),
    );
    const after = visits.visit({ database: "b", signal: never }, async (connection) => {
      await connection.ping(never);
      return ownSessions();
    });
    await expect(failing).rejects.toBeInstanceOf(pg.DatabaseError);
    expect(await after).toBe(1);
  });
});
