import { eventually } from "@dbintel/e2e/condition";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost, pointsOf } from "@dbintel/pipeline/testing";
import { PollTrial } from "@dbintel/watching";
import type { Connection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { mysqlConfig } from "../src/config.ts";
import { mysql } from "../src/index.ts";
import { watchedServer } from "../src/server.ts";
import { eventsOf, never, watch } from "./watch.ts";

/** A server with the signs of a managed one: the folder that its programs are in, or the end of its version. */
interface Planted {
  readonly start: () => Promise<MysqlServer>;
  readonly platform: string;
  readonly resource: Readonly<Record<string, string>>;
  /** The provider's own, user and schema alike. */
  readonly provider: string;
}

function suite({ start, platform, resource, provider }: Planted) {
  let server: MysqlServer;
  const opened: { close(): Promise<void> }[] = [];
  const sessions: Connection[] = [];
  beforeAll(async () => {
    server = await start();
    for (const user of [provider, "shop"]) {
      await server.query(`CREATE USER '${user}'@'%' IDENTIFIED BY 'a-password'`);
      await server.query(`CREATE DATABASE ${user}`);
      await server.query(`GRANT ALL ON ${user}.* TO '${user}'@'%'`);
    }
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) session.destroy();
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });
  afterAll(() => server?.stop());

  /** What a configuration makes of the server. */
  async function configured(more: object = {}) {
    const endpoint = `${server.host}:${server.port}`;
    const login = { username: server.superuser, password: server.password, tls: { insecure: true } };
    const trial = new PollTrial();
    opened.push(trial);
    const config = mysqlConfig.parse({ endpoint, ...login, ...more });
    const watched = watchedServer({ config, host: createTestHost(), next: {}, watch: trial });
    const before = watched.reportsSchema(provider);
    await watched.status.capabilities(never);
    return { watched, before };
  }

  it("is found out and told in the resource, unless it is configured", async () => {
    const { watched } = await configured();
    expect(watched.platform.current).toBe(platform);
    expect((await configured({ platform: "azure" })).watched.platform.current).toBe("azure");
    const look = watch(server);
    opened.push(look);
    const { batches } = await look.pollMetrics();
    const [told] = batches.flatMap((batch) => [...batch.resources()].map(({ attributes }) => attributes.entries()));
    expect(Object.fromEntries(told ?? [])).toMatchObject(resource);
  });

  it("is sent to no file of its own by doctor", async () => {
    const turn = (state: "YES" | "NO") =>
      server.query(`UPDATE performance_schema.setup_consumers SET ENABLED = '${state}' WHERE NAME LIKE '%_history'`);
    await turn("NO");
    const { definition, config } = mysql({
      ...{ endpoint: `${server.host}:${server.port}`, username: server.superuser, password: server.password },
      tls: { insecure: true },
    });
    const [subject] = (await definition.diagnosis?.subjects({ id: "x", config, signals: ["logs"] })) ?? [];
    const hints = new Map<string, string>();
    for await (const { code, hint } of subject?.examine({ host: createTestHost(), signal: never }) ?? []) {
      if (hint !== undefined) hints.set(code, hint);
    }
    await turn("YES");
    expect([hints.get("MY-PS-002"), hints.get("MY-PS-005")]).toEqual([
      expect.stringMatching(/the parameters of the managed server, or set consumers\.enable/),
      expect.stringContaining("the parameters of the managed server"),
    ]);
    expect([...hints.values()].join("\n")).not.toContain("[mysqld]");
  });

  it("keeps its own schemas out, unless they are asked for by name", async () => {
    const { watched, before } = await configured();
    expect([before, watched.reportsSchema(provider), watched.reportsSchema("shop")]).toEqual([false, false, true]);
    const named = await configured({ databases: [provider] });
    expect(named.watched.reportsSchema(provider)).toBe(true);
  });

  it("keeps its own sessions out of samples and of who is active", async () => {
    for (const user of [provider, "shop"]) {
      const session = await server.connect({ user, password: "a-password", database: user });
      sessions.push(session);
      // Whether it ends or is cut off does not matter.
      session.query("SELECT SLEEP(60)").catch(() => {});
    }
    const look = watch(server);
    opened.push(look);
    const users = await eventually("the user's session is told", async () => {
      const events = eventsOf((await look.pollActivity()).batches);
      const found = events.map((event) => event.text("user.name"));
      return found.includes("shop") ? found : undefined;
    });
    expect(users).not.toContain(provider);
    const databases = await eventually("it is active", async () => {
      const points = pointsOf((await look.pollActiveSessions()).batches);
      const found = points.map(({ attributes }) => attributes.get("db.namespace"));
      return found.includes("shop") ? found : undefined;
    });
    expect(databases).not.toContain(provider);
  });

  if (platform !== "rds") return;
  it("is known to forget at a restart what was turned on", async () => {
    const turn = (state: "YES" | "NO") =>
      server.query(
        `UPDATE performance_schema.setup_consumers SET ENABLED = '${state}' WHERE NAME = 'statements_digest'`,
      );
    await turn("NO");
    const look = watch(server);
    opened.push(look);
    expect((await look.poll()).problems).toMatchObject([
      { hint: expect.stringMatching(/off again when .* restarted/) },
    ]);
    await turn("YES");
    expect((await look.poll()).problems).toEqual([]);
  });
}

describeOwnMysql("a managed server", () =>
  suite({
    start: () => startMysql({ own: true, settings: { basedir: "/rdsdbbin/mysql-8.0.39.R1" } }),
    platform: "rds",
    resource: { "cloud.provider": "aws", "cloud.platform": "aws_rds", "db.system.name": "mysql" },
    provider: "rdsadmin",
  }),
);
describeMariadb("a managed server", () =>
  suite({
    start: () => startMariadb({ version: "10.11.19-google-MariaDB-log" }),
    platform: "cloud_sql",
    resource: { "cloud.provider": "gcp", "cloud.platform": "gcp_cloud_sql", "db.system.name": "mariadb" },
    provider: "cloudsqladmin",
  }),
);
