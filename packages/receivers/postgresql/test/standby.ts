import { execFile } from "node:child_process";
import { appendFile, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "@dbintel/e2e/condition";
import { type PostgresOptions, type PostgresServer, startPostgres } from "@dbintel/e2e/servers";

/**
 * A physical standby of `primary`, which is restarted for it; it replays when this resolves. Limits in `settings` must be
 * no lower than those of the primary.
 */
export async function startStandby(
  primary: PostgresServer,
  settings: NonNullable<PostgresOptions["settings"]> = {},
): Promise<PostgresServer> {
  const standby = await startPostgres({ major: primary.major, settings });
  const from = await dataFolder(primary);
  const to = await dataFolder(standby);
  const { uid, gid } = await stat(to);
  await standby.shutdown();
  const ownSettings = await readFile(join(to, "postgresql.conf"));
  await primary.shutdown();
  await rm(to, { recursive: true });
  // As long as no server runs, a copy is a base backup.
  await promisify(execFile)("cp", ["-a", from, to]);
  await writeFile(join(to, "standby.signal"), "");
  await writeFile(join(to, "postgresql.conf"), ownSettings);
  const source = `host=${primary.host} port=${primary.port} user=${primary.superuser} password=${primary.password}`;
  await appendFile(join(to, "postgresql.conf"), `primary_conninfo = '${source}'\n`);
  // The passwords are the primary's.
  await writeFile(join(to, "pg_hba.conf"), "host all all 127.0.0.1/32 trust\n");
  await promisify(execFile)("chown", ["-R", `${uid}:${gid}`, to]);
  await primary.start();
  await standby.start();
  await eventually("the standby replays", async () => {
    const [row] = await primary.query<{ replaying: boolean }>(
      "SELECT count(*) = 1 AS replaying FROM pg_stat_replication WHERE state = 'streaming'",
    );
    return row?.replaying === true ? true : undefined;
  });
  return standby;
}

async function dataFolder(server: PostgresServer): Promise<string> {
  const [row] = await server.query<{ folder: string }>("SELECT current_setting('data_directory') AS folder");
  if (row === undefined) throw new Error("the server has no data directory");
  return row.folder;
}
