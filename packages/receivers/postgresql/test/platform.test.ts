import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { eventually } from "@dbintel/e2e/condition";
import { freePort, type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { ServerPlatform } from "@dbintel/instances";
import { createTestHost, eventsOf, Sink } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { discover } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { postgresql } from "../src/index.ts";
import { never, settingsOf, watchActivity, watchStatements } from "./watch.ts";

/** Passes on what comes to a server, but for the parameter `options` of the start, as a pooler may be told to. */
class Pooler implements AsyncDisposable {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  constructor(port: number, target: PostgresServer) {
    this.port = port;
    this.#server = createServer((client) => {
      const server = connect(target.port, target.host);
      for (const socket of [client, server]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          client.destroy();
          server.destroy();
        });
      }
      client.once("data", (start) => {
        server.write(withoutOptions(start));
        client.pipe(server);
      });
      server.pipe(client);
    });
    this.#server.listen(port, "127.0.0.1");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** StartupMessage: int32 length, int32 version, then names and values that end with a zero byte each, and another one. */
function withoutOptions(start: Buffer): Buffer {
  const words = start.toString("latin1", 8).split("\0");
  const at = words.indexOf("options");
  const body = Buffer.from(words.toSpliced(at, 2).join("\0"), "latin1");
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + body.length, 0);
  start.copy(head, 4, 4, 8);
  return Buffer.concat([head, body]);
}

describe("the platform", () => {
  let server: PostgresServer;
  let opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    server = await startPostgres();
    await server.query("CREATE TABLE counted AS SELECT 1 AS a");
  });
  afterEach(async () => {
    await Promise.all(opened.map((each) => each.close()));
    opened = [];
  });
  afterAll(() => server?.stop());

  async function found(configured?: "azure") {
    const connection = new DatabaseConnection(settingsOf(server), "postgres");
    opened.push(connection);
    return await discover(connection, "db:5432", new ServerPlatform(configured), never);
  }

  it("is found out by what it has put into the server, unless it is configured", async () => {
    expect((await found()).platform).toBe("self_managed");
    await server.query("CREATE ROLE rdsadmin SUPERUSER LOGIN PASSWORD 'theirs'");
    expect((await found()).platform).toBe("rds");
    expect((await found()).providerUserIds.size).toBe(1);
    const session = await server.connect();
    await session.query("SET allow_system_table_mods = on");
    await session.query("CREATE FUNCTION pg_catalog.aurora_version() RETURNS text LANGUAGE sql AS 'SELECT ''17.4'''");
    expect((await found()).platform).toBe("aurora");
    expect((await found("azure")).platform).toBe("azure");
    await session.query("DROP FUNCTION pg_catalog.aurora_version()");
    await session.end();
  });

  it("tells whose statements and sessions are the provider's: they are left out, as its databases are", async () => {
    const provider = { user: "rdsadmin", password: "theirs" };
    await server.query("CREATE DATABASE rdsadmin");
    const statements = watchStatements(server);
    const activity = watchActivity(server);
    opened.push(statements, activity);
    await statements.poll();
    const theirs = await server.connect(provider);
    await theirs.query("BEGIN");
    await theirs.query("SELECT a AS theirs FROM counted");
    const ours = await server.connect();
    await ours.query("BEGIN");
    await ours.query("SELECT a AS ours FROM counted");
    const texts = eventsOf((await statements.poll()).batches).map((event) => event.text("db.query.text"));
    expect(texts).toContain("SELECT a AS ours FROM counted");
    expect(texts).not.toContain("SELECT a AS theirs FROM counted");
    const users = eventsOf((await activity.poll()).batches).map((event) => event.text("user.name"));
    expect(users).toContain(server.superuser);
    expect(users).not.toContain("rdsadmin");
    await Promise.all([theirs.end(), ours.end()]);
  });

  it("is a part of the resource", async () => {
    const host = createTestHost();
    const metrics = new Sink<"metrics">();
    const { definition, config } = postgresql({
      endpoint: `${server.host}:${server.port}`,
      username: server.superuser,
      password: server.password,
      tls: { insecure: true },
      timeout: "1h",
    });
    const component = definition.create({ id: "postgresql", config, host, next: { metrics } });
    opened.push({ close: () => component.stop({ signal: never }) });
    await component.start({ signal: never });
    const [resource] = await eventually("metrics arrive", async () => {
      await host.clock.advance(1000);
      const resources = metrics.batches.flatMap((batch) => [...batch.resources()]);
      return resources.length > 0 ? resources : undefined;
    });
    expect(Object.fromEntries(resource?.attributes.entries() ?? [])).toMatchObject({
      "cloud.provider": "aws",
      "cloud.platform": "aws_rds",
    });
  });

  it("is not asked anything through a pooler that drops the limits of the session", async () => {
    await using pooler = new Pooler(await freePort(), server);
    const connection = new DatabaseConnection({ ...settingsOf(server), port: pooler.port }, "postgres");
    opened.push(connection);
    await expect(discover(connection, "db:5432", new ServerPlatform(), never)).rejects.toMatchObject({
      code: "DBI_DATABASE_POOLER",
      message: "db:5432 is reached through a pooler that drops the limits of the session",
      hint: expect.stringContaining("ignore_startup_parameters"),
    });
  });
});
