import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess, runDbintel } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import { ownMetricsAt } from "../harness/log-relay.ts";

const folder = fileURLToPath(new URL("../../configs", import.meta.url));
const files = (await readdir(folder)).filter((name) => name.endsWith(".yaml")).sort();

/** An overlay is no configuration of its own: the file it is laid over. */
const baseOf: Readonly<Record<string, string>> = {
  "quickstart-mysql.yaml": "quickstart.yaml",
  "quickstart-newrelic.yaml": "quickstart.yaml",
};

describe("every configuration in configs/", () => {
  let scratch: string;
  let env: Record<string, string>;
  beforeAll(async () => {
    scratch = await mkdtemp(join(tmpdir(), "dbintel-configs-"));
    env = {
      POSTGRES_ENDPOINT: `127.0.0.1:${await freePort()}`,
      POSTGRES_PASSWORD: "not-a-password",
      MYSQL_ENDPOINT: `127.0.0.1:${await freePort()}`,
      MYSQL_PASSWORD: "not-a-password",
      OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      ADMIN_LISTEN: `127.0.0.1:${await freePort()}`,
      OTLP_LISTEN: `127.0.0.1:${await freePort()}`,
      PROMETHEUS_LISTEN: `127.0.0.1:${await freePort()}`,
      NEW_RELIC_LICENSE_KEY: "not-a-key",
      NEW_RELIC_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      NEW_RELIC_USER_KEY: "not-a-key",
      NEW_RELIC_ACCOUNT_ID: "1",
      NEW_RELIC_NERDGRAPH: `http://127.0.0.1:${await freePort()}/graphql`,
      DBINTEL_FILE: join(scratch, "telemetry.jsonl"),
      DBINTEL_STATE: join(scratch, "state"),
      DBINTEL_QUICKSTART_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      DBINTEL_QUICKSTART_MYSQL_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      DBINTEL_QUICKSTART_HEALTH: `127.0.0.1:${await freePort()}`,
      DBINTEL_QUICKSTART_METRICS_PORT: String(await freePort()),
    };
  });
  afterAll(() => rm(scratch, { recursive: true, force: true }));

  const configOf = (file: string) =>
    [baseOf[file], file].filter((name) => name !== undefined).flatMap((name) => ["--config", join(folder, name)]);

  it.each(files)("%s is valid, strictly", async (file) => {
    const { code, stderr } = await runDbintel(["validate", "--strict", ...configOf(file)], env);
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it.each(files)("%s starts without its servers and stops on SIGTERM", async (file) => {
    const port = await freePort();
    const telemetry = ownMetricsAt(port);
    // An overlay has the extension in its base.
    const base = await readFile(join(folder, baseOf[file] ?? file), "utf8");
    const health = base.includes("health_check:")
      ? ["--set", `extensions.health_check.endpoint=127.0.0.1:${await freePort()}`]
      : [];
    await using dbintel = new DbintelProcess(["run", ...configOf(file), "--set", telemetry, ...health], env);
    await eventually("it reports that it is ready", () => {
      if (!dbintel.running) throw new Error(`${file} ended:\n${dbintel.stderr}`);
      return dbintel.stderr.includes("everything is ready") ? true : undefined;
    });
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    expect(dbintel.stderr + dbintel.stdout).not.toMatch(/not-a-password|not-a-key/);
  });
});
