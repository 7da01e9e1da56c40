import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { eventually } from "../harness/condition.ts";
import { availablePostgresVersions, startPostgres } from "./index.ts";

test("PostgreSQL 18 starts with pg_stat_statements and auto_explain and answers queries", async () => {
  await using server = await startPostgres();
  expect(server.version).toMatch(/^18\./);
  const [row] = await server.query<{ libraries: string; statements: number }>(
    "SELECT current_setting('shared_preload_libraries') AS libraries, count(*)::int AS statements FROM pg_stat_statements",
  );
  expect(row?.libraries).toBe("pg_stat_statements,auto_explain");
  expect(row?.statements).toBeGreaterThan(0);
});

test("a wrong password is refused", async () => {
  await using server = await startPostgres({ preload: [] });
  await expect(server.query("SELECT 1", [], { password: "wrong" })).rejects.toThrow("password authentication failed");
});

test("settings win over the defaults and survive a restart on the same port", async () => {
  await using server = await startPostgres({ preload: [], settings: { work_mem: "5MB" } });
  const { port } = server;
  await server.query("CREATE TABLE kept (n int)");
  await server.restart({ mode: "immediate", settings: { max_connections: 20 } });
  expect(server.port).toBe(port);
  const setting =
    "SELECT name, current_setting(name) AS value FROM unnest(ARRAY['work_mem', 'max_connections']) AS name";
  expect(await server.query(setting)).toEqual([
    { name: "work_mem", value: "5MB" },
    { name: "max_connections", value: "20" },
  ]);
  expect(await server.query("SELECT count(*)::int AS n FROM kept")).toEqual([{ n: 0 }]);
});

test("stop leaves no folder, and stopping twice is no error", async () => {
  const server = await startPostgres({ preload: [] });
  const [row] = await server.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  await server.stop();
  await server.stop();
  expect(existsSync(row?.folder ?? "")).toBe(false);
});

test("a bad setting is reported with the server's own words", async () => {
  await expect(startPostgres({ settings: { work_mem: "nonsense" } })).rejects.toThrow(
    /invalid value for parameter "work_mem"/,
  );
});

test("a version that is not there is named", async () => {
  await expect(startPostgres({ major: 9 })).rejects.toThrow("PostgreSQL 9 is not on this machine");
});

test("the server ends and its folder goes when the process that started it is killed", async () => {
  const script = `
    import { startPostgres } from "./index.ts";
    const server = await startPostgres({ preload: [] });
    const [row] = await server.query("SELECT current_setting('data_directory') AS folder");
    const [line] = (await server.query("SELECT pg_read_file('postmaster.pid') AS pid"));
    console.log(JSON.stringify({ folder: row.folder, pid: Number(line.pid.split("\\n")[0]) }));
    await new Promise(() => setInterval(() => {}, 1000));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    cwd: fileURLToPath(new URL(".", import.meta.url)),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [text] = await once(child.stdout, "data");
  const { folder, pid } = JSON.parse(String(text)) as { folder: string; pid: number };
  child.kill("SIGKILL");
  await eventually("the server has ended", () =>
    existsSync(`/proc/${pid}/stat`) || existsSync(folder) ? undefined : true,
  );
});

test.each(availablePostgresVersions())("PostgreSQL %i runs", async (major) => {
  await using server = await startPostgres({ major });
  expect(server.version).toMatch(new RegExp(`^${major}\\.`));
});
