import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@dbintel/e2e/condition";
import { DnsServer } from "@dbintel/e2e/dns-server";
import { type MysqlServer, startMariadb, startMysql } from "@dbintel/e2e/servers";
import { describeMariadb, describeOwnMysql } from "@dbintel/e2e/servers/vitest";
import { createTestHost, Sink, type TestHost } from "@dbintel/pipeline/testing";
import type { RowDataPacket } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { mysql } from "../src/index.ts";
import { never } from "./watch.ts";

describeOwnMysql("a receiver of many servers", () => {
  // Within: what is skipped names the nearest that is not on the machine.
  describeMariadb("of both products", () => {
    const login = { username: "everywhere", password: "the-same" } as const;
    let one: MysqlServer;
    let two: MysqlServer;
    let folder: string;
    let file: string;
    let host: TestHost;
    let metrics: Sink<"metrics">;
    let stop: (() => Promise<void>) | undefined;

    beforeAll(async () => {
      [one, two] = await Promise.all([startMysql({ own: true }), startMariadb()]);
      for (const server of [one, two]) {
        await server.query(`CREATE USER '${login.username}'@'%' IDENTIFIED BY '${login.password}'`);
        await server.query(`GRANT ALL ON *.* TO '${login.username}'@'%'`);
      }
      folder = await mkdtemp(join(tmpdir(), "dbintel-instances-"));
      file = join(folder, "instances.yaml");
    });
    afterAll(async () => {
      await Promise.all([one?.stop(), two?.stop()]);
      await rm(folder, { recursive: true });
    });
    beforeEach(() => {
      host = createTestHost();
      metrics = new Sink();
    });
    afterEach(() => stop?.());

    const endpoint = (server: MysqlServer, name = server.host) => `${name}:${server.port}`;

    async function start(settings: Record<string, unknown>): Promise<void> {
      const { definition, config } = mysql({
        ...{ ...login, tls: { insecure: true }, timeout: "1h", ...settings },
        // Time passes here while answers are under way: none of them is slow or dear.
        ...{ budget: { max_database_share: "100000%" }, circuit_breaker: { slow_call_duration: "10h" } },
      });
      const component = definition.create({ id: "mysql", config, host, next: { metrics } });
      stop = () => component.stop({ signal: never });
      await component.start({ signal: never });
    }

    /** Moves the clock until `done`; the servers answer in real time in between. */
    function pollUntil<T>(what: string, done: () => T | undefined | Promise<T | undefined>): Promise<T> {
      const probe = async () => {
        await host.clock.advance(2000);
        return await done();
      };
      return eventually(what, probe);
    }

    /** The product that has answered since now, by endpoint; waits until each of these has. */
    async function watched(...endpoints: readonly string[]): Promise<ReadonlyMap<string, string>> {
      const from = metrics.batches.length;
      const products = () => {
        const resources = metrics.batches
          .slice(from)
          .flatMap((batch) => [...batch.resources()].map((each) => new Map(each.attributes.entries())));
        return new Map(
          resources.map((each) => [String(each.get("service.instance.id")), String(each.get("db.system.name"))]),
        );
      };
      await pollUntil(`${endpoints.join(", ")} are watched`, () =>
        endpoints.every((each) => products().has(each)) ? true : undefined,
      );
      expect([...products().keys()].toSorted()).toEqual(endpoints.toSorted());
      return products();
    }

    /** The collector's sessions on a server, the oldest first: that one lasts, those behind it come and go. */
    async function sessions(server: MysqlServer): Promise<readonly number[]> {
      const rows = await server.query<RowDataPacket & { id: number }>(
        "SELECT ID AS id FROM information_schema.PROCESSLIST WHERE USER = ? ORDER BY ID",
        [login.username],
      );
      return rows.map(({ id }) => id);
    }

    /** Replaces the list in one step. */
    async function list(...watchedServers: readonly MysqlServer[]): Promise<void> {
      await writeFile(
        join(folder, "next"),
        JSON.stringify(watchedServers.map((each) => ({ endpoint: endpoint(each) }))),
      );
      await rename(join(folder, "next"), file);
    }

    it("knows each of them for what it is", async () => {
      await start({ endpoints: [endpoint(one), endpoint(two)] });
      const products = await watched(endpoint(one), endpoint(two));
      expect([products.get(endpoint(one)), products.get(endpoint(two))]).toEqual(["mysql", "mariadb"]);
      await stop?.();
      for (const server of [one, two]) {
        await eventually("all sessions are closed", async () =>
          (await sessions(server)).length === 0 ? true : undefined,
        );
      }
      expect(host.clock.pendingTimers).toBe(0);
    });

    it("follows the list without disturbing those that stay", async () => {
      await list(one);
      await start({ instances_file: file, discovery_interval: "5s" });
      await watched(endpoint(one));
      const [steady] = await sessions(one);
      await list(one, two);
      await watched(endpoint(one), endpoint(two));
      await list(one);
      await pollUntil("nobody is left on the other", async () =>
        (await sessions(two)).length === 0 ? true : undefined,
      );
      await watched(endpoint(one));
      expect((await sessions(one))[0]).toBe(steady);
      expect(host.lines.map(({ message }) => message)).toContain(`${endpoint(two)} is watched no longer`);
    });

    it("lets one that is down harm no other, and names it", async () => {
      await list(one, two);
      // So often that it is asked while it is away, however soon it is back.
      await start({ instances_file: file, collection_interval: "1s" });
      await watched(endpoint(one), endpoint(two));
      const [steady] = await sessions(one);
      const restarted = two.restart();
      const problem = await pollUntil("its end is reported", () => host.statuses.find(({ state }) => state !== "ok"));
      expect(problem).toMatchObject({ message: expect.stringContaining(endpoint(two)) });
      await restarted;
      await watched(endpoint(one), endpoint(two));
      expect((await sessions(one))[0]).toBe(steady);
      await pollUntil("all is well", () => (host.statuses.at(-1)?.state === "ok" ? true : undefined));
    });

    it("finds them by DNS, and watches max_instances of them at most, which is a problem that says so", async () => {
      await using dns = await DnsServer.start();
      const name = "_mysql._tcp.shop.test";
      const servers = [one, two].map((server) => endpoint(server, "localhost"));
      // The first of them stays: what is found is watched in the order of names.
      const [first = ""] = servers.toSorted();
      const targets = [one, two].map(({ port }) => ({ target: "localhost", port }));
      dns.set(
        name,
        targets.filter(({ port }) => first.endsWith(`:${port}`)),
      );
      const found = { dns_srv: name, dns_servers: [dns.address], discovery_interval: "5s", max_instances: 1 };
      await start(found);
      await watched(first);
      expect(host.statuses.at(-1)).toEqual({ state: "ok" });
      dns.set(name, targets);
      await pollUntil("the other is too many", () => host.statuses.find(({ state }) => state !== "ok"));
      expect(host.statuses.at(-1)).toMatchObject({
        message: "2 servers are listed and 1 are watched: the rest is left out",
        hint: expect.stringContaining("max_instances"),
      });
      await watched(first);
      await stop?.();
      await start({ ...found, max_instances: 2 });
      await watched(...servers);
    });
  });
});
