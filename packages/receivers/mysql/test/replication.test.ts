import { eventually } from "@dbintel/e2e/condition";
import { freePort, type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { pointsOf, type SeenPoint } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Event, eventsOf, watch } from "./watch.ts";

const gtids = { "gtid-mode": "ON", "enforce-gtid-consistency": "ON", "log-bin": "binlog" } as const;
const channel = "orders";

/** What one product says in its own words. */
interface Dialect {
  readonly startSource: () => Promise<MysqlServer>;
  readonly startReplica: () => Promise<MysqlServer>;
  /** Makes a channel from a server at this port. */
  readonly change: (name: string, port: number) => string;
  readonly control: (verb: "START" | "STOP", name: string, thread?: "IO_THREAD" | "SQL_THREAD") => string;
  readonly missingPrivilege: string;
}

const mysql: Dialect = {
  async startSource() {
    const group = {
      "plugin-load-add": "group_replication.so",
      "loose-group-replication-group-name": "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa",
      "loose-group-replication-local-address": `127.0.0.1:${await freePort()}`,
      "loose-group-replication-bootstrap-group": "ON",
      "loose-group-replication-start-on-boot": "OFF",
    };
    const server = await startMysql({ own: true, settings: { ...gtids, ...group, "server-id": 1 } });
    await server.query("START GROUP_REPLICATION");
    await eventually("the group takes what is written", async () => {
      const sql = "SELECT 1 FROM performance_schema.replication_group_members WHERE MEMBER_STATE = 'ONLINE'";
      return (await server.query(`${sql} AND NOT @@super_read_only`)).length === 1 ? true : undefined;
    });
    return server;
  },
  startReplica: () => startMysql({ own: true, settings: { ...gtids, "server-id": 2 } }),
  change: (name, port) =>
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${port}, SOURCE_USER = 'replica',
       SOURCE_PASSWORD = 'replica-password', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1 FOR CHANNEL '${name}'`,
  control: (verb, name, thread) => `${verb} REPLICA ${thread ?? ""} FOR CHANNEL '${name}'`,
  missingPrivilege: "REPLICATION CLIENT",
};

const mariadb: Dialect = {
  startSource: () => startMariadb({ "server-id": 11, "log-bin": "binlog", "gtid-domain-id": 5 }),
  startReplica: () => startMariadb({ "server-id": 12, "log-bin": "binlog" }),
  change: (name, port) =>
    `CHANGE MASTER '${name}' TO MASTER_HOST = '127.0.0.1', MASTER_PORT = ${port}, MASTER_USER = 'replica',
       MASTER_PASSWORD = 'replica-password', MASTER_USE_GTID = slave_pos`,
  control: (verb, name, thread) => `${verb} SLAVE '${name}' ${thread ?? ""}`,
  missingPrivilege: "REPLICA MONITOR",
};

function suite(dialect: Dialect, isMysql: boolean) {
  let source: MysqlServer;
  let replica: MysqlServer;
  const opened: { close(): Promise<void> }[] = [];

  beforeAll(async () => {
    [source, replica] = await Promise.all([dialect.startSource(), dialect.startReplica()]);
    await source.query("CREATE USER 'replica'@'%' IDENTIFIED BY 'replica-password'");
    await source.query("GRANT REPLICATION SLAVE ON *.* TO 'replica'@'%'");
    await source.query("CREATE DATABASE app");
    await source.query("CREATE TABLE app.t (id int PRIMARY KEY, v varchar(100))");
    await replica.query(dialect.change(channel, source.port));
    await replica.query(dialect.control("START", channel));
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((each) => each.close()));
  });
  afterAll(() => Promise.all([replica?.stop(), source?.stop()]));

  function observe(server: MysqlServer, user?: { readonly username: string; readonly password: string }) {
    const watched = watch(server, user === undefined ? {} : { user });
    opened.push(watched);
    return {
      kept: () => watched.replicationLook.take() ?? new Uint8Array(),
      /** Takes over what another process has kept. */
      goOn: (other: { kept(): Uint8Array }) => watched.replicationLook.restore(other.kept()),
      async look() {
        const { batches, problems = [] } = await watched.pollReplication();
        const points = pointsOf(batches);
        const of = (name: string, attributes: Readonly<Record<string, string>> = {}): SeenPoint["value"] =>
          points.find(
            (point) =>
              point.name === name &&
              Object.entries(attributes).every(([key, value]) => point.attributes.get(key) === value),
          )?.value;
        return { points, problems, events: eventsOf(batches), of };
      },
    };
  }

  type Looks = ReturnType<typeof observe>;
  const ofChannel = { "mysql.replication.channel": channel };
  const thread = (name: "receiver" | "applier") => ({ ...ofChannel, thread: name });

  /** Looks until the replica has everything. */
  const caughtUp = (looks: Looks) =>
    eventually("the replica has caught up", async () => {
      const found = await looks.look();
      const isReady =
        found.of("mysql.replica.lag", ofChannel) === 0 && found.of("mysql.replica.pending", ofChannel) === 0n;
      return isReady ? found : undefined;
    });

  /** Looks until its source knows of the one replica: it ends the session of one that connects again only then. */
  const withOneReplica = (looks: Looks) =>
    eventually("one replica is connected", async () => {
      const found = await looks.look();
      return found.of("mysql.replication.connected_replicas") === 1n ? found : undefined;
    });

  const write = (id: number, value: string) => source.query("INSERT INTO app.t VALUES (?, ?)", [id, value]);
  const told = (event: Event) => [
    event.text("mysql.replication.thread"),
    event.text("mysql.replication.state.previous"),
    event.text("mysql.replication.state"),
    event.text("db.response.status_code"),
  ];

  it("tells nothing of a server that is no replica but what it hands on", async () => {
    await caughtUp(observe(replica));
    const { points, problems, of } = await withOneReplica(observe(source));
    expect(problems).toEqual([]);
    expect(points.filter(({ name }) => name.startsWith("mysql.replica."))).toEqual([]);
    expect(of("mysql.binlog.files")).toBeGreaterThanOrEqual(1n);
    expect(Number(of("mysql.binlog.size"))).toBeGreaterThan(500);
  });

  it("tells that both threads run and nothing is missing", async () => {
    const { of, problems, events } = await caughtUp(observe(replica));
    expect(problems).toEqual([]);
    expect(events).toEqual([]);
    for (const name of ["receiver", "applier"] as const) {
      expect(of("mysql.replica.thread.running", thread(name))).toBe(1n);
      expect(of("mysql.replica.thread.error", thread(name))).toBe(0n);
    }
    expect(of("mysql.replica.time_behind_source", ofChannel)).toBeGreaterThanOrEqual(0n);
    expect(of("mysql.replica.sql_delay", ofChannel)).toBe(0n);
    expect(Number(of("mysql.replica.relay_log.size", ofChannel))).toBeGreaterThan(0);
    // Only MySQL notes when a transaction was committed and applied.
    if (isMysql) expect(Number(of("mysql.replica.apply.delay", ofChannel))).toBeGreaterThan(0);
  });

  it("tells how far a replica is behind whose applier was stopped, and the change once", async () => {
    const looks = observe(replica);
    await caughtUp(looks);
    await replica.query(dialect.control("STOP", channel, "SQL_THREAD"));
    for (const id of [1, 2, 3]) await write(id, "x");
    const events: Event[] = [];
    const behind = await eventually("all is received", async () => {
      const found = await looks.look();
      events.push(...found.events);
      return found.of("mysql.replica.pending", ofChannel) === 3n ? found : undefined;
    });
    expect(events.map(told)).toEqual([["applier", "running", "stopped", ""]]);
    expect(behind.of("mysql.replica.thread.running", thread("applier"))).toBe(0n);
    expect(behind.of("mysql.replica.time_behind_source", ofChannel)).toBeUndefined();
    const lag = Number(behind.of("mysql.replica.lag", ofChannel));
    expect(lag).toBeGreaterThan(0);
    const later = await looks.look();
    expect(Number(later.of("mysql.replica.lag", ofChannel))).toBeGreaterThan(lag);
    // The collector is restarted: what was told is not told again, and nobody takes the replica for current.
    const restarted = observe(replica);
    expect(restarted.goOn(looks)).toBe(true);
    const first = await restarted.look();
    expect(first.events).toEqual([]);
    expect(Number(first.of("mysql.replica.lag", ofChannel))).toBeGreaterThan(lag);
    expect((await observe(replica).look()).events.map(told)).toEqual([["applier", "", "stopped", ""]]);
    await replica.query(dialect.control("START", channel, "SQL_THREAD"));
    await caughtUp(looks);
  });

  it("does not take a replica for current that hears nothing", async () => {
    const looks = observe(replica);
    await caughtUp(looks);
    await replica.query(dialect.control("STOP", channel, "IO_THREAD"));
    await write(4, "x");
    const { of, events } = await looks.look();
    expect(events.map(told)).toEqual([["receiver", "running", "stopped", ""]]);
    expect(of("mysql.replica.pending", ofChannel)).toBe(0n);
    expect(Number(of("mysql.replica.lag", ofChannel))).toBeGreaterThan(0);
    await replica.query(dialect.control("START", channel, "IO_THREAD"));
    await caughtUp(looks);
  });

  it("tells the error that stopped an applier, without the values in its text", async () => {
    const looks = observe(replica);
    await caughtUp(looks);
    await replica.query("INSERT INTO app.t VALUES (5, 'of the replica')");
    await write(5, "hunter2");
    const events: Event[] = [];
    const { of } = await eventually("the applier has stopped", async () => {
      const found = await looks.look();
      events.push(...found.events);
      // It has the error a moment before it stops.
      return found.of("mysql.replica.thread.running", thread("applier")) === 0n ? found : undefined;
    });
    expect(of("mysql.replica.thread.error", thread("applier"))).toBe(1062n);
    expect(events.map(told)).toEqual([["applier", "running", "stopped", "1062"]]);
    const text = events.map(({ attributes }) => String(attributes.get("mysql.replication.error.message"))).join();
    expect(text).toContain("?");
    expect(text).not.toMatch(/hunter2|Duplicate entry '5'/);
    // Who begins to look now is told as well.
    expect((await observe(replica).look()).events.map(told)).toEqual([["applier", "", "stopped", "1062"]]);
    await replica.query("DELETE FROM app.t WHERE id = 5");
    await replica.query(dialect.control("START", channel, "SQL_THREAD"));
    await caughtUp(looks);
  });

  it("tells several channels apart", async () => {
    await replica.query(dialect.change("nowhere", await freePort()));
    await replica.query(dialect.control("START", "nowhere"));
    const looks = observe(replica);
    const { points, events } = await eventually("it tries to connect", async () => {
      const found = await looks.look();
      const error = found.of("mysql.replica.thread.error", {
        "mysql.replication.channel": "nowhere",
        thread: "receiver",
      });
      return error !== undefined && error !== 0n ? found : undefined;
    });
    const channels = points
      .filter(({ name }) => name === "mysql.replica.thread.running")
      .map(({ attributes, value }) =>
        [attributes.get("mysql.replication.channel"), attributes.get("thread"), value].join(" "),
      );
    expect(channels.sort()).toEqual([
      "nowhere applier 1",
      "nowhere receiver 0",
      "orders applier 1",
      "orders receiver 1",
    ]);
    expect(events.every((event) => event.text("mysql.replication.channel") === "nowhere")).toBe(true);
    await replica.query(dialect.control("STOP", "nowhere"));
  });

  it("says which grant is missing, and tells the rest without it", async () => {
    await source.query("CREATE USER 'otel'@'%' IDENTIFIED BY 'otel-password'");
    await source.query("GRANT SELECT ON performance_schema.* TO 'otel'@'%'");
    const { problems } = await withOneReplica(observe(source, { username: "otel", password: "otel-password" }));
    expect(problems[0]).toMatchObject({
      code: "DBI_DATABASE_PERMISSION",
      hint: `run as an administrator: GRANT ${dialect.missingPrivilege} ON *.* TO 'otel'@'%';`,
    });
  });

  if (!isMysql) return;
  it("tells who is in a group, and what a member did", async () => {
    const { of, events } = await observe(source).look();
    const online = {
      "mysql.group_replication.member.state": "ONLINE",
      "mysql.group_replication.member.role": "PRIMARY",
    };
    expect(of("mysql.group_replication.members", online)).toBe(1n);
    expect(Number(of("mysql.group_replication.transactions.checked"))).toBeGreaterThan(0);
    expect(of("mysql.group_replication.transactions.queued")).toBe(0n);
    expect(events).toEqual([]);
  });
}

describeOwnMysql("replication", () => suite(mysql, true));
describeMariadb("replication", () => suite(mariadb, false));
