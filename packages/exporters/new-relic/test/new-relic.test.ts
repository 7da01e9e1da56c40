import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { type NewRelicStandIn, startNewRelic } from "@dbintel/e2e/new-relic";
import { type Batch, decode, logsBuilder, metricsBuilder } from "@dbintel/pdata";
import type { Consumer } from "@dbintel/pipeline";
import { createTestHost, FakeClock } from "@dbintel/pipeline/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { z } from "zod";
import { newRelicConfig } from "../src/config.ts";
import { NewRelic } from "../src/new-relic.ts";

const keys = { licenseKey: "a-license-key", userKey: "NRAK-a-user-key", accountId: 7 };
const { signal } = new AbortController();
const second = 1_000_000_000n;
/** The stand-in has a clock of its own. */
const now = BigInt(Date.now()) * 1_000_000n;
let backend: NewRelicStandIn;

beforeEach(async () => {
  backend = await startNewRelic(keys);
});
afterEach(() => backend[Symbol.asyncDispose]());

/** An exporter whose calls wait for the answer. */
async function exporterWith(settings: Partial<z.input<typeof newRelicConfig>> = {}) {
  const host = createTestHost({ clock: new FakeClock(now) });
  const config = newRelicConfig.parse({
    license_key: keys.licenseKey,
    endpoint: backend.endpoint,
    encoding: "json",
    compression: "none",
    sending_queue: { enabled: false },
    retry_on_failure: { enabled: false },
    ...settings,
  });
  const exporter = new NewRelic({ id: "new_relic", config, host });
  await exporter.start();
  const send = (batch: Batch) => (exporter.consumers[batch.signal] as Consumer).consume(batch, { signal });
  return { host, exporter, send, stop: () => exporter.stop({ signal }) };
}

function total(value: bigint, at: bigint, attributes = {}) {
  const point = { startTimeUnixNano: 1n, timeUnixNano: at, value, attributes };
  return metricsBuilder()
    .resource({ attributes: { "service.instance.id": "db:5432" } })
    .scope({ name: "test" })
    .sum({ name: "postgresql.commits", monotonic: true, temporality: "cumulative" }, [point])
    .build();
}

/** A server that takes every request, whatever its size. */
async function startTaker() {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    void buffer(request.pipe(createGunzip())).then((body) => {
      bodies.push(body);
      response.writeHead(200, { "content-type": "application/x-protobuf" }).end();
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { bodies, endpoint: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: async () => void server.close() };
}

const values = () => backend.stored.map(({ value }) => value);

it("sends changes instead of totals, the first total being the baseline", async () => {
  const { send, stop } = await exporterWith();
  const first = total(1000n, now);
  await send(first);
  expect(first.dropped).toEqual(new Map([["baseline", 1]]));
  await send(total(1007n, now + second));
  expect(values()).toEqual([7]);
  await stop();
});

it("leaves totals as they are when told to", async () => {
  const { send, stop } = await exporterWith({ temporality: "unchanged" });
  await send(total(1000n, now));
  expect(values()).toEqual([1000]);
  await stop();
});

it("sends the same change when a batch was refused and comes again", async () => {
  const bodies: string[] = [];
  const statuses = [200, 503, 200];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.writeHead(statuses[bodies.length - 1] ?? 500, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const { send, stop } = await exporterWith({ endpoint: `http://127.0.0.1:${port}`, initial_value: "keep" });
  await send(total(1000n, now));
  await expect(send(total(1007n, now + second))).rejects.toMatchObject({ kind: "retryable" });
  await send(total(1007n, now + second));
  await stop();
  server.close();
  expect(bodies.map((body) => /"asInt":"?([0-9]+)/.exec(body)?.[1])).toEqual(["1000", "7", "7"]);
});

it("mends what New Relic would not store, counts it, and tells of it", async () => {
  const { host, send, stop } = await exporterWith();
  const batch = logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "test" })
    .record({
      timeUnixNano: host.clock.unixNano(),
      body: "well",
      attributes: { text: "x".repeat(5000), tree: new Map([["a", "b"]]) },
    })
    .record({ timeUnixNano: 1n, body: "of 1970" })
    .build();
  await send(batch);
  expect(Object.fromEntries(batch.dropped)).toEqual({ timestamp_too_old: 1 });
  const told = host.lines.filter(({ level }) => level === "warn").map(({ fields }) => fields.category);
  expect(new Set(told)).toEqual(new Set(["attribute_map", "attribute_too_long", "timestamp_too_old"]));
  expect(JSON.stringify(host.lines)).not.toContain("xxx");
  await stop();
});

it("sends all as it is when told to", async () => {
  const { host, send, stop } = await exporterWith({ contract: "ignore" });
  const batch = logsBuilder().record({ timeUnixNano: 1n, body: "of 1970" }).build();
  await send(batch);
  expect(batch.count).toBe(1);
  expect(host.lines).toEqual([]);
  await stop();
});

describe("a record that alone is too large for a request", () => {
  const longest = 1_000_000;
  const vast = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`text${index}`, "€".repeat(4000)]));

  /** Three records, and what became of them. */
  async function sent(record: Parameters<ReturnType<typeof logsBuilder>["record"]>[0]) {
    await using server = await startTaker();
    const { exporter, host, send, stop } = await exporterWith({
      endpoint: server.endpoint,
      ...{ encoding: "proto", compression: "gzip", sending_queue: {} },
    });
    const logs = logsBuilder()
      .resource({ attributes: { "service.name": "shop" } })
      .scope({ name: "test" })
      .record({ timeUnixNano: now, body: "before" })
      .record({ timeUnixNano: now, ...record })
      .record({ timeUnixNano: now, body: "behind" })
      .build();
    await send(logs);
    expect(logs.dropped.size).toBe(0);
    await stop();
    const arrived = server.bodies.flatMap((body) =>
      Array.from(decode("logs", body).records(), ({ body: text, attributes }) => ({
        text: String(text),
        trimmed: attributes.get("dbintel.trimmed"),
      })),
    );
    for (const { length } of server.bodies) expect(length).toBeLessThanOrEqual(longest);
    const { sent: items, dropped } = host.accounting.of("logs");
    return { arrived, account: { sent: items, dropped: Object.fromEntries(dropped), held: exporter.held("logs") } };
  }

  it("goes with its texts cut, and its neighbours with it", async () => {
    const { arrived, account } = await sent({ body: "x".repeat(longest), attributes: { "db.system.name": "mysql" } });
    expect(account).toEqual({ sent: 3, dropped: {}, held: 0 });
    const [, cut] = arrived;
    expect(arrived.map(({ text, trimmed }) => [text.slice(0, 6), trimmed])).toEqual([
      ["before", undefined],
      ["xxxxxx", true],
      ["behind", undefined],
    ]);
    expect(cut?.text.length).toBe(4095);
  });

  it("is dropped and counted when it is too large with its texts cut, too", async () => {
    const { arrived, account } = await sent({ body: "x".repeat(longest), attributes: vast });
    expect(account).toEqual({ sent: 2, dropped: { too_large: 1 }, held: 0 });
    expect(arrived.map(({ text }) => text)).toEqual(["before", "behind"]);
  });
});

it("sends requests of at most 10^6 bytes before compression, and every record once", async () => {
  await using server = await startTaker();
  const { bodies } = server;
  const { send, stop } = await exporterWith({
    endpoint: server.endpoint,
    ...{ encoding: "proto", compression: "gzip", sending_queue: {} },
  });
  const ids = Array.from({ length: 1500 }, (_, index) => `record ${index}`);
  const logs = logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "test" });
  for (const id of ids)
    logs.record({ timeUnixNano: now, body: id, attributes: { text: "x".repeat(2000 + (id.length % 7)) } });
  await send(logs.build());
  await stop();
  expect(Math.max(...bodies.map(({ length }) => length))).toBeLessThanOrEqual(1_000_000);
  const arrived = bodies.flatMap((body) => Array.from(decode("logs", body).records(), (record) => String(record.body)));
  expect(arrived.toSorted()).toEqual(ids.toSorted());
  expect(bodies.length).toBeGreaterThan(3);
});
