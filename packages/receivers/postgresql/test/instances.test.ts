import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@dbintel/e2e/condition";
import { DnsServer } from "@dbintel/e2e/dns-server";
import { type PostgresServer, startPostgres } from "@dbintel/e2e/servers";
import { createTestHost, Sink, type TestHost } from "@dbintel/pipeline/testing";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { postgresql } from "../src/index.ts";
import { never } from "./watch.ts";

describe("a receiver of many servers", () => {
  let one: PostgresServer;
  let two: PostgresServer;
  let folder: string;
  let host: TestHost;
  let metrics: Sink<"metrics">;
  let stop: (() => Promise<void>) | undefined;

  beforeAll(async () => {
    [one, two] = await Promise.all([startPostgres(), startPostgres()]);
    folder = await mkdtemp(join(tmpdir(), "dbintel-instances-"));
  });
  afterAll(async () => {
    await Promise.all([one?.stop(), two?.stop()]);
    await rm(folder, { recursive: true });
  });
  beforeEach(() => {
    host = createTestHost();
    metrics = new Sink();
  });
  afterEach(async () => {
    await stop?.();
    for (const server of [one, two]) {
      await eventually("all sessions are closed", async () =>
        (await sessions(server)).length === 0 ? true : undefined,
      );
    }
  });

  async function start(settings: Record<string, unknown>) {
    const { definition, config } = postgresql({
      username: one.superuser,
      password: one.password,
      tls: { insecure: true },
      timeout: "1h",
      ...settings,
    });
    const component = definition.create({ id: "postgresql", config, host, next: { metrics } });
    stop = () => component.stop({ signal: never });
    await component.start({ signal: never });
    return component;
  }

  const endpoint = (server: PostgresServer, name = server.host) => `${name}:${server.port}`;

  /** Moves the clock until `done`; the servers answer in real time in between. */
  async function pollUntil<T>(what: string, done: () => T | undefined | Promise<T | undefined>): Promise<T> {
    const probe = async () => {
      await host.clock.advance(2000);
      return await done();
    };
    // A server that was away is asked again after up to a minute of the clock, however slow this machine is.
    return eventually(what, probe, { deadlineMs: 60_000 });
  }

  /** The resources that metrics have arrived of, by endpoint. */
  function resources(batches = metrics.batches) {
    const attributes = batches.flatMap((batch) =>
      [...batch.resources()].map((each) => new Map(each.attributes.entries())),
    );
    return new Map(attributes.map((each) => [String(each.get("service.instance.id")), each]));
  }

  /** Waits until metrics have arrived of these since now; there are none of others then. */
  async function watched(...endpoints: readonly string[]): Promise<void> {
    const from = metrics.batches.length;
    const fresh = () => resources(metrics.batches.slice(from));
    await pollUntil(`${endpoints.join(", ")} are watched`, () =>
      endpoints.every((each) => fresh().has(each)) ? true : undefined,
    );
    expect([...fresh().keys()].toSorted()).toEqual(endpoints.toSorted());
  }

  /** The collector's sessions on a server, the oldest first: that one lasts, those behind it come and go. */
  async function sessions(server: PostgresServer): Promise<readonly number[]> {
    const rows = await server.query<{ pid: number }>(
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'dbintel' ORDER BY backend_start",
    );
    return rows.map(({ pid }) => pid);
  }

  /** Replaces the list in one step. */
  async function list(entries: readonly object[] | string): Promise<void> {
    const content = typeof entries === "string" ? entries : JSON.stringify(entries);
    await writeFile(join(folder, "next"), content);
    await rename(join(folder, "next"), join(folder, "instances.yaml"));
  }

  const entry = (server: PostgresServer, more: object = {}) => ({
    ...{ endpoint: endpoint(server), username: server.superuser, password: server.password, ...more },
  });

  it("watches each of them, with what its entry says", async () => {
    await two.query("CREATE ROLE second LOGIN PASSWORD 'second' IN ROLE pg_monitor");
    await list([
      entry(one, { attributes: { team: "shop", tier: 1, critical: true } }),
      entry(two, { username: "second", password: "second", platform: "rds", databases: ["post*"] }),
    ]);
    await start({ instances_file: join(folder, "instances.yaml"), password: undefined });
    await watched(endpoint(one), endpoint(two));
    expect(Object.fromEntries(resources().get(endpoint(one)) ?? [])).toMatchObject({
      ...{ team: "shop", tier: 1n, critical: true },
      ...{ "server.port": BigInt(one.port), "db.system.name": "postgresql" },
    });
    expect(Object.fromEntries(resources().get(endpoint(two)) ?? [])).toMatchObject({
      ...{ "cloud.provider": "aws", "cloud.platform": "aws_rds" },
    });
    expect(resources().get(endpoint(two))?.has("team")).toBe(false);
  });

  it("follows the list without disturbing those that stay", async () => {
    const file = join(folder, "instances.yaml");
    await list([entry(one)]);
    await start({ instances_file: file, discovery_interval: "5s" });
    await watched(endpoint(one));
    const [steady] = await sessions(one);
    await list([entry(one), entry(two)]);
    await watched(endpoint(one), endpoint(two));
    expect((await sessions(one))[0]).toBe(steady);

    await list("- endpoint: [");
    await pollUntil("the list is found broken", () => host.statuses.find(({ state }) => state === "recoverable_error"));
    expect(host.statuses.at(-1)).toMatchObject({ message: expect.stringContaining(`${file} cannot be used: line 1`) });
    await watched(endpoint(one), endpoint(two));

    await list([entry(one)]);
    await pollUntil("nobody is left on the other", async () => ((await sessions(two)).length === 0 ? true : undefined));
    await watched(endpoint(one));
    expect((await sessions(one))[0]).toBe(steady);
    await pollUntil("all is well", () => (host.statuses.at(-1)?.state === "ok" ? true : undefined));
    expect(host.lines.map(({ message }) => message)).toContain(`${endpoint(two)} is watched no longer`);
  });

  it("lets one that is down harm no other, and names it", async () => {
    const [up, down] = [endpoint(one), endpoint(two)];
    await list([entry(one), entry(two)]);
    await start({ instances_file: join(folder, "instances.yaml") });
    await watched(up, down);
    const [steady] = await sessions(one);
    await two.shutdown("immediate");
    try {
      await pollUntil("its end is reported", () => host.statuses.find(({ state }) => state !== "ok"));
      expect(host.statuses.at(-1)).toMatchObject({ message: expect.stringContaining(down) });
      await watched(up);
    } finally {
      await two.start();
    }
    await watched(up, down);
    expect((await sessions(one))[0]).toBe(steady);
    await pollUntil("all is well", () => (host.statuses.at(-1)?.state === "ok" ? true : undefined));
  });

  it("takes endpoints as a list, for the same server under two names too", async () => {
    await start({ endpoints: [endpoint(one), endpoint(one, "localhost")] });
    await watched(endpoint(one), endpoint(one, "localhost"));
    expect((await sessions(one)).length).toBeGreaterThanOrEqual(2);
    await stop?.();
    expect(host.clock.pendingTimers).toBe(0);
  });

  it("finds them by DNS, and keeps them while the name cannot be resolved", async () => {
    await using dns = await DnsServer.start();
    const name = "_postgresql._tcp.shop.test";
    await using folderOfPasswords = await passwords();
    dns.set(name, [{ target: "localhost", port: one.port }]);
    await start({
      ...{ dns_srv: name, dns_servers: [dns.address], discovery_interval: "5s" },
      ...{ username: "everywhere", password: undefined, password_file: folderOfPasswords.file },
    });
    const [first, second] = [endpoint(one, "localhost"), endpoint(two, "localhost")];
    await watched(first);
    const [steady] = await sessions(one);
    dns.failing = true;
    await pollUntil("the failure is reported", () => host.statuses.find(({ state }) => state !== "ok"));
    await watched(first);
    dns.failing = false;
    dns.set(name, [
      { target: "localhost", port: two.port },
      { target: "localhost", port: one.port },
    ]);
    await watched(first, second);
    expect((await sessions(one))[0]).toBe(steady);
    await pollUntil("all is well", () => (host.statuses.at(-1)?.state === "ok" ? true : undefined));
  });

  /** A user that both servers know by one password, and the file with it. */
  async function passwords() {
    const file = join(folder, "password");
    await writeFile(file, "the-same");
    for (const server of [one, two]) {
      await server.query("CREATE ROLE everywhere LOGIN PASSWORD 'the-same' IN ROLE pg_monitor");
    }
    return { file, [Symbol.asyncDispose]: () => rm(file) };
  }
});
