import { describe, expect, it } from "vitest";
import { Correlators, top, traceId, type Values } from "./correlators.ts";

const called: Values = {
  "db.system.name": "postgresql",
  "db.namespace": "shop",
  "server.address": "db.example",
};
const raw = "SELECT * FROM orders WHERE customer = 'Jane Doe' AND id = 4711";
const text = "SELECT * FROM orders WHERE customer = $1 AND id = $2";

function span(attributes: Values = {}) {
  return { attributes: { ...called, "db.query.text": raw, ...attributes } };
}

describe("a span", () => {
  it("is told what its statement is to the database", async () => {
    const correlators = await Correlators.start();
    const [record] = await correlators.logs([
      top(text, 3, { "db.query.plan.hash": "v1:abc" }),
      top("SELECT 2 FROM t", 1),
    ]);
    const [told] = await correlators.spans([span()]);
    expect(told).toMatchObject({
      "db.query.fingerprint": record?.["db.query.fingerprint"],
      "db.query.summary": "SELECT orders",
      "db.query.load.share": 0.75,
      "db.query.load.category": "heavy",
      "db.query.performance.category": "moderate",
      "db.query.plan.hash": "v1:abc",
    });
  });

  it("is known by the older names too", async () => {
    const correlators = await Correlators.start();
    await correlators.logs([top(text)]);
    const attributes = {
      "db.system": "postgresql",
      "db.name": "shop",
      "db.statement": raw,
      "net.peer.name": "db.example",
      "net.peer.port": 5432n,
    };
    expect((await correlators.spans([{ attributes }]))[0]).toMatchObject({ "db.query.load.share": 1 });
  });

  it("is told how its tables are", async () => {
    const correlators = await Correlators.start();
    const attributes = { "db.namespace": "shop", "db.collection.name": "public.orders", state: "dead" };
    await correlators.metrics([{ name: "postgresql.rows", value: 1000, attributes }]);
    expect((await correlators.spans([span()]))[0]).toMatchObject({ "db.query.tables.vacuum_needed": ["orders"] });
  });

  it("hears what is new as soon as it is known, and nothing that is too old", async () => {
    const correlators = await Correlators.start({ max_age: "1m" });
    const share = async () => (await correlators.spans([span()]))[0]?.["db.query.load.share"];
    expect(await share()).toBeUndefined();
    await correlators.logs([top(text)]);
    expect(await share()).toBe(1);
    await correlators.logs([top(text), top("SELECT 2 FROM t")]);
    expect(await share()).toBe(0.5);
    await correlators.clock.advance(61_000);
    expect(await share()).toBeUndefined();
  });

  it("of a server, or of a consumer, without a statement stays as it is", async () => {
    const correlators = await Correlators.start();
    const given = [{ kind: 2, attributes: { "db.query.text": raw } }, { attributes: called }];
    expect(await correlators.spans(given)).toEqual(given.map(({ attributes }) => attributes));
  });
});

describe("a statement", () => {
  it("is told which services and traces execute it, the latest batch first and not too many", async () => {
    const correlators = await Correlators.start({ applications: { max_traces: 2 } });
    await correlators.spans([span(), span(), span()], { "service.name": "checkout" });
    await correlators.spans([span({ "db.query.text": text, "db.namespace": "shop|public" })]);
    const [record, other] = await correlators.logs([top(text), top("SELECT 1 FROM t")]);
    expect(record).toMatchObject({
      "db.query.client.services": ["shop", "checkout"],
      "db.query.client.trace_ids": [traceId(0), traceId(1)],
    });
    expect(Object.keys(other ?? {}).filter((name) => name.startsWith("db.query.client"))).toEqual([]);
  });

  it("is matched by database and text where the two sides call the server by different names", async () => {
    for (const strict of [false, true]) {
      const correlators = await Correlators.start({ applications: { match_server: strict } });
      await correlators.spans([span({ "server.address": "pgbouncer.internal", "server.port": 6432n })]);
      const [record] = await correlators.logs([top(text)]);
      expect(record?.["db.query.client.services"]).toEqual(strict ? undefined : ["shop"]);
    }
  });

  it("is told so in the events about its plan too", async () => {
    const correlators = await Correlators.start();
    await correlators.spans([span()]);
    const attributes = { "db.namespace": "shop", "db.query.text": text };
    const [event, log] = await correlators.logs([{ eventName: "db.plan.regression", attributes }, { attributes }]);
    expect(event).toMatchObject({ "db.query.client.services": ["shop"] });
    expect(log?.["db.query.client.services"]).toBeUndefined();
  });

  it("is not guessed to be that of one of several servers", async () => {
    const correlators = await Correlators.start();
    for (const address of ["one.internal", "two.internal"]) {
      await correlators.spans([span({ "server.address": address })]);
    }
    expect((await correlators.logs([top(text)]))[0]?.["db.query.client.services"]).toBeUndefined();
  });

  it("knows callers that come back after they were forgotten", async () => {
    const correlators = await Correlators.start({ retention: "1m" });
    await correlators.spans([span()]);
    await correlators.clock.advance(61_000);
    expect((await correlators.logs([top(text)]))[0]?.["db.query.client.services"]).toBeUndefined();
    await correlators.spans([span()]);
    expect((await correlators.logs([top(text)]))[0]?.["db.query.client.services"]).toEqual(["shop"]);
  });

  it("forgets callers that are too old", async () => {
    const correlators = await Correlators.start({ max_age: "1m" });
    await correlators.spans([span()]);
    await correlators.clock.advance(61_000);
    expect((await correlators.logs([top(text)]))[0]?.["db.query.client.services"]).toBeUndefined();
  });
});

it("keeps both sides over a restart", async () => {
  const first = await Correlators.start();
  await first.logs([top(text, 1, { "db.query.plan.hash": "v1:abc" })]);
  await first.spans([span()]);
  const second = await Correlators.start({}, await first.stop());
  const [told] = await second.spans([{ attributes: { ...called, "db.query.text": text } }], {});
  expect(told).toMatchObject({ "db.query.load.share": 1, "db.query.plan.hash": "v1:abc" });
  expect((await second.logs([top(text)]))[0]).toMatchObject({ "db.query.client.services": ["shop"] });
});

it("does nothing but read the text when that is off", async () => {
  const correlators = await Correlators.start({ applications: { enabled: false } });
  await correlators.logs([top(text)]);
  const [told] = await correlators.spans([span()]);
  expect(told).toMatchObject({ "db.query.summary": "SELECT orders" });
  expect(told?.["db.query.load.share"]).toBeUndefined();
  expect((await correlators.logs([top(text)]))[0]?.["db.query.client.services"]).toBeUndefined();
});

it("writes no constant of a statement anywhere, and saves none", async () => {
  const correlators = await Correlators.start();
  await correlators.logs([top(raw, 1, { "db.query.text": text })]);
  const [told] = await correlators.spans([span()]);
  const added = Object.entries(told ?? {}).filter(([name]) => name !== "db.query.text");
  await correlators.stop();
  const saved = (["logs", "metrics", "traces"] as const).flatMap((signal) => [
    ...correlators.storage(signal).snapshots.values(),
  ]);
  expect(saved.length).toBe(4);
  const all = JSON.stringify(added) + saved.map((bytes) => Buffer.from(bytes).toString()).join();
  expect(all).not.toMatch(/Jane|4711/);
});
