import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { type Check, loneHost, systemEnvironment } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, beforeAll, expect, it } from "vitest";
import { KnownServer } from "../src/connection/capabilities.ts";
import { DatabaseConnection } from "../src/connection/connection.ts";
import { ConsumerPoll } from "../src/consumers/consumer-poll.ts";
import { wantedConsumers, wantedInstruments } from "../src/consumers/wanted.ts";
import { mysql } from "../src/index.ts";
import { never, settingsOf } from "./watch.ts";

const poor = { username: "otel_reads", password: "read-only-1" };
const rich = { username: "otel_turns_on", password: "turn-on-1" };
const wanted = wantedConsumers.map(({ name }) => `'${name}'`).join(", ");

function suite(start: () => Promise<MysqlServer>) {
  let server: MysqlServer;
  beforeAll(async () => {
    server = await start();
    for (const { username, password } of [poor, rich]) {
      await server.query(`CREATE USER '${username}'@'%' IDENTIFIED BY '${password}'`);
      await server.query(`GRANT SELECT ON performance_schema.* TO '${username}'@'%'`);
    }
    for (const table of ["setup_consumers", "setup_instruments"]) {
      await server.query(`GRANT UPDATE ON performance_schema.${table} TO '${rich.username}'@'%'`);
    }
  });
  afterAll(() => server?.stop());

  const off = async () => {
    const rows = await server.query<RowDataPacket>(
      `SELECT NAME AS name FROM performance_schema.setup_consumers WHERE ENABLED = 'NO' AND NAME IN (${wanted})
       UNION SELECT NAME FROM performance_schema.setup_instruments
              WHERE NAME LIKE 'statement/%' AND (ENABLED = 'NO' OR TIMED = 'NO')`,
    );
    return rows.map(({ name }) => name);
  };

  async function poll(user: typeof poor) {
    const host = createTestHost();
    const settings = settingsOf(server, user);
    const connection = new DatabaseConnection(settings);
    const context = { endpoint: `${server.host}:${server.port}`, username: user.username };
    try {
      await new ConsumerPoll({ host, settings, context, server: new KnownServer(connection) }).poll({ signal: never });
      return host.lines.map(({ message }) => message);
    } finally {
      await connection.close();
    }
  }

  /** What doctor says of consumers and instruments that are off. */
  async function examine(): Promise<readonly Check[]> {
    const { definition, config } = mysql({
      ...{ endpoint: `${server.host}:${server.port}`, ...poor, tls: { insecure: true } },
    });
    const [subject] = (await definition.diagnosis?.subjects({ id: "x", config, signals: ["logs"] })) ?? [];
    const found: Check[] = [];
    for await (const check of subject?.examine({ host: loneHost(systemEnvironment()), signal: never }) ?? []) {
      if (/^MY-PS-00[23]$/.test(check.code) && check.status !== "ok") found.push(check);
    }
    return found;
  }

  it("turns on what is off, and again after a restart of the server", async () => {
    await server.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'statements_digest'");
    await server.query(
      "UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' WHERE NAME LIKE 'statement/sql/%'",
    );
    expect(await poll(rich)).toEqual([expect.stringMatching(/turned on .*statements_digest.*statement\/%/)]);
    expect(await off()).toEqual([]);
    expect(await poll(rich)).toEqual([]);
    await server.restart();
    expect(await off()).toContain("events_waits_current");
    expect(await poll(rich)).toEqual([expect.stringContaining("events_waits_current")]);
    expect(await off()).toEqual([]);
  });

  it("is told by doctor where it is not permitted, each with the statement that does it", async () => {
    await server.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO'");
    await server.query("UPDATE performance_schema.setup_instruments SET TIMED = 'NO' WHERE NAME LIKE 'wait/%'");
    await server.query("UPDATE performance_schema.setup_instruments SET ENABLED = 'NO' WHERE NAME LIKE 'statement/%'");
    const known = await server.query<RowDataPacket>("SELECT NAME AS name FROM performance_schema.setup_consumers");
    const names = new Set(known.map(({ name }) => name));
    const all = [...wantedConsumers.filter(({ name }) => names.has(name)), ...wantedInstruments];
    const found = await examine();
    expect(found.map(({ status, repair }) => [status, repair?.sql])).toEqual(
      all.map(({ essential, turnOn }) => [essential ? "fail" : "warn", [turnOn]]),
    );
    for (const [at, { name, lasting }] of all.entries()) {
      expect(found[at]?.message).toContain(name.replace("%", ""));
      expect(found[at]?.hint).toContain(lasting);
    }
    for (const { repair } of found) for (const sql of repair?.sql ?? []) await server.query(sql);
    expect(await examine()).toEqual([]);
    expect(await off()).toEqual([]);
  });

  it("tells the grant that is missing, and changes nothing", async () => {
    await server.query("UPDATE performance_schema.setup_consumers SET ENABLED = 'NO' WHERE NAME = 'statements_digest'");
    await expect(poll(poor)).rejects.toMatchObject({
      code: "DBI_DATABASE_PERMISSION",
      hint: expect.stringContaining("GRANT SELECT, UPDATE ON performance_schema.setup_consumers"),
    });
    expect(await off()).toEqual(["statements_digest"]);
  });

  it("stays on over a restart with the lines of the configuration that doctor tells", async () => {
    await server.restart();
    const lines = (await examine()).map(({ hint }) => / configuration: (.+) = (.+)$/.exec(hint ?? "") ?? []);
    const consumers = lines.filter(([, name = ""]) => name.startsWith("performance-schema-consumer-"));
    expect(consumers.length).toBeGreaterThanOrEqual(2);
    expect(lines.length).toBe(consumers.length + 1);
    // What stands in quotes in a file needs none here.
    const settings = lines.map(([, name = "", value = ""]) => [name, value.replaceAll("'", "")]);
    await server.restart(Object.fromEntries(settings));
    expect(await examine()).toEqual([]);
  });
}

describeOwnMysql("consumers", () => suite(() => startMysql({ own: true })));
describeMariadb("consumers", () => suite(() => startMariadb()));
