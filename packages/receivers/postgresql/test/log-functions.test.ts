import { eventually } from "@dbintel/e2e/condition";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { describePostgres } from "@dbintel/e2e/servers/vitest";
import { loneHost, systemEnvironment } from "@dbintel/pipeline";
import { afterAll, beforeAll, expect, it } from "vitest";
import { logFunctions } from "../src/doctor/log-functions.ts";
import { postgresql } from "../src/index.ts";
import { never } from "./watch.ts";

const otel = { user: "otel", password: "reads-the-log" };

describePostgres(18, "the functions that open the server's log", () => {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ settings: { logging_collector: true } });
    await server.query(`CREATE ROLE otel LOGIN PASSWORD '${otel.password}' IN ROLE pg_monitor`);
    await make();
  });
  afterAll(() => server.stop());

  /** As a script is run, statement by statement; twice, which changes nothing. */
  async function make(): Promise<void> {
    const session = await server.connect();
    for (const statement of [...logFunctions("otel"), ...logFunctions("otel")]) await session.query(statement);
    await session.end();
  }

  const read = async (name: string) => {
    const [row] = await server.query<{ bytes: Buffer | null }>(
      "SELECT dbintel.read_log($1, 0, 100) AS bytes",
      [name],
      otel,
    );
    return row?.bytes;
  };

  const check = async () => {
    const { definition, config } = postgresql({
      ...{ endpoint: `${server.host}:${server.port}`, username: otel.user, password: otel.password },
      ...{ tls: { insecure: true }, log_collection: { enabled: true } },
    });
    const [subject] = (await definition.diagnosis?.subjects({ id: "x", config, signals: ["logs"] })) ?? [];
    const host = loneHost(systemEnvironment());
    for await (const found of subject?.examine({ host, signal: never }) ?? []) {
      if (found.code === "PG-LOG-001") return found;
    }
    return undefined;
  };

  it("read its files, from a place on, and no other", async () => {
    const [log] = await server.query<{ file: string }>("SELECT dbintel.current_log(NULL) AS file", [], otel);
    const name = log?.file.split("/").at(-1) ?? "";
    // The process that writes the log is another one than those that answer.
    await eventually("the log has begun", async () => ((await read(name))?.length === 100 ? true : undefined));
    for (const other of ["../PG_VERSION", "PG_VERSION", "../global/pg_control", "/etc/passwd", "", ".", ".."]) {
      expect(await read(other), other).toBeNull();
    }
    const wide = server.query("SELECT pg_read_binary_file('PG_VERSION', 0, 1, true)", [], otel);
    await expect(wide).rejects.toThrow("permission denied");
  });

  it("cannot be called by others", async () => {
    await server.query("CREATE ROLE nobody LOGIN PASSWORD 'nobody' IN ROLE pg_monitor");
    const asked = server.query("SELECT dbintel.read_log('x', 0, 1)", [], { user: "nobody", password: "nobody" });
    await expect(asked).rejects.toThrow("permission denied");
  });

  it("are what doctor proposes, and asks for no more when they are there", async () => {
    expect(await check()).toMatchObject({ status: "ok", message: expect.stringContaining("no other file") });
    await server.query("REVOKE EXECUTE ON FUNCTION dbintel.read_log(text, int8, int8) FROM otel");
    expect(await check()).toMatchObject({ status: "fail", repair: { sql: logFunctions("otel") } });
    // The grant that opens all files works too, and is told of.
    const files = "pg_current_logfile(text), pg_read_binary_file(text, bigint, bigint, boolean)";
    await server.query(`GRANT EXECUTE ON FUNCTION ${files} TO otel`);
    const found = await check();
    expect(found).toMatchObject({ status: "warn", message: expect.stringContaining("every file") });
    const session = await server.connect();
    for (const statement of found?.repair?.sql ?? []) await session.query(statement);
    await session.end();
    expect(await check()).toMatchObject({ status: "ok", message: expect.stringContaining("no other file") });
    await expect(server.query("SELECT pg_read_binary_file('PG_VERSION', 0, 1, true)", [], otel)).rejects.toThrow(
      "denied",
    );
  });

  it("read nothing where the log stands in the data directory itself", async () => {
    const [row] = await server.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
    for (const folder of [".", row?.folder]) {
      await server.query(`ALTER SYSTEM SET log_directory = '${folder}'`);
      await server.query("SELECT pg_reload_conf()");
      await eventually("the log is there", async () => {
        const [log] = await server.query<{ file: string }>("SELECT pg_current_logfile() AS file");
        return log?.file.startsWith(`${folder}/`) ? true : undefined;
      });
      await expect(read("PG_VERSION")).rejects.toThrow("stands in the data directory itself");
    }
  });
});
