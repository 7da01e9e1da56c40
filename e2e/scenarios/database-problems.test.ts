import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";
import type { PostgresServer } from "../servers/index.ts";
import { startPostgres } from "../servers/index.ts";
import { describePostgres } from "../servers/vitest.ts";

const password = "wr0ng-Passw0rd";

describePostgres(18, "a database that cannot be polled leaves the collector running and says what to do", () => {
  let folder: string;
  let postgres: PostgresServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-problems-"));
    postgres = await startPostgres({ extensions: [] });
    await postgres.query(`CREATE ROLE nobody_special LOGIN PASSWORD '${password}-right'`);
  });
  afterAll(async () => {
    await postgres?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(user: string, secret: string, port = postgres.port, settings: readonly string[] = []) {
    const config = join(folder, "collector.yaml");
    await writeFile(
      config,
      `
receivers:
  postgresql:
    endpoint: 127.0.0.1:${port}
    username: ${user}
    password: \${env:TEST_PASSWORD}
    tls: { insecure: true }
    collection_interval: 500ms
    initial_delay: 10ms
    timeout: 60s
exporters: { nop: }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    logs: { receivers: [postgresql], exporters: [nop] }
    metrics: { receivers: [postgresql], exporters: [nop] }
`,
    );
    const set = settings.flatMap((setting) => ["--set", setting]);
    return new DbintelProcess(["run", "--config", config, ...set], { TEST_PASSWORD: secret });
  }

  /** Waits for the line, then holds the collector to running on and to keeping the password to itself. */
  async function expectLine(dbintel: DbintelProcess, pattern: RegExp) {
    await eventually(`it logs ${pattern}`, () => (pattern.test(dbintel.stderr) ? true : undefined));
    expect(dbintel.running).toBe(true);
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    expect(dbintel.stderr).not.toContain(password);
    const problems = dbintel.stderr.split("\n").filter((line) => pattern.test(line));
    expect(problems, "one line a problem, not one a poll").toHaveLength(1);
  }

  it("wrong password", async () => {
    await using dbintel = await start("nobody_special", password);
    await expectLine(dbintel, /DBI_DATABASE_AUTHENTICATION/);
  });

  it("wrong password that is repaired: a reload has the database watched within seconds", async () => {
    await postgres.query(`CREATE ROLE rotated LOGIN PASSWORD '${password}-new' IN ROLE pg_monitor`);
    const [port, file] = [await freePort(), join(folder, "password")];
    await writeFile(file, password);
    const settings = [
      `receivers.postgresql.password_file=${file}`,
      "receivers.postgresql.password=null",
      // Asked again by itself only long after this test.
      "receivers.postgresql.circuit_breaker={open_state_timeout: 10m, max_open_state_timeout: 10m, configuration_recheck: 10m}",
      `service.telemetry.metrics={level: normal, readers: [{pull: {exporter: {prometheus: {host: 127.0.0.1, port: ${port}}}}}]}`,
    ];
    await using dbintel = await start("rotated", password, postgres.port, settings);
    const metrics = async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    const up = (value: number) =>
      `dbintel_receiver_instance_up{receiver="postgresql",instance="127.0.0.1:${postgres.port}"} ${value}`;
    const heldBack = /\{[^}]*outcome="held_back"[^}]*\} (\d+)/g;
    await eventually("it is refused, and then left alone by many polls", async () => {
      if (!dbintel.stderr.includes("DBI_DATABASE_AUTHENTICATION")) return undefined;
      const text = await metrics();
      const polls = [...text.matchAll(heldBack)].reduce((sum, [, count]) => sum + Number(count), 0);
      return (text.includes(up(0)) && polls >= 10) || undefined;
    });
    const refused = (await postgres.log()).match(/authentication failed for user "rotated"/g) ?? [];
    // Its two sessions may log in at the same moment.
    expect([1, 2], "no poll tries the login after another was refused").toContain(refused.length);
    await writeFile(file, `${password}-new`);
    dbintel.kill("SIGHUP");
    await eventually("it is watched", async () => (await metrics()).includes(up(1)) || undefined);
    await eventually("nothing is left", () => /resolved: .* refused user rotated/.test(dbintel.stderr) || undefined);
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    expect(dbintel.stderr).not.toContain(password);
  });

  it("nobody listens", async () => {
    await using dbintel = await start("nobody_special", password, await freePort());
    await expectLine(dbintel, /DBI_DATABASE_UNREACHABLE/);
  });

  it("missing extension: the line holds the SQL that repairs", async () => {
    await using dbintel = await start(postgres.superuser, postgres.password);
    await expectLine(dbintel, /DBI_DATABASE_EXTENSION.*CREATE EXTENSION/s);
  });

  it("missing grant: the line holds the SQL that repairs", async () => {
    await postgres.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements");
    await using dbintel = await start("nobody_special", `${password}-right`);
    await expectLine(dbintel, /DBI_DATABASE_PERMISSION.*GRANT pg_monitor TO/s);
  });
});
