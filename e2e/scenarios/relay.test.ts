import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import type { FlakyBackend } from "../harness/flaky-backend.ts";
import { startFlakyBackend } from "../harness/flaky-backend.ts";
import { LogRelay } from "../harness/log-relay.ts";

describe("a relay between applications and a backend that fails", () => {
  let backend: FlakyBackend;
  let relay: LogRelay;

  beforeEach(async () => {
    backend = await startFlakyBackend();
    relay = await LogRelay.start({
      endpoint: backend.endpoint,
      overlay: `
processors:
  filter: { logs: { log_record: ['attributes["noise"] == true'] } }
  batch: { timeout: 20ms }
exporters: { otlp_http: { retry_on_failure: { initial_interval: 50ms, max_interval: 200ms } } }
service: { pipelines: { logs: { processors: [filter, batch] } } }
`,
    });
    await relay.sendFirst([]);
  });
  afterEach(async () => {
    await relay[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  /** Sends one request with a record for each id; every second one is noise. The status, or `undefined`. */
  const send = (ids: readonly string[]) => relay.send(ids.map((id, index) => ({ id, noise: index % 2 === 1 })));

  async function expectIdentity() {
    const all = await relay.ledgers();
    for (const { kind, id, signal, received, sent, refused, dropped, held } of all) {
      expect(received, `${kind} ${id} ${signal}`).toBe(sent + refused + dropped + held);
    }
    return all;
  }

  it("delivers every acknowledged record through refusals and bad gateways, and filters by CEL", async () => {
    backend.failNext(503, 502, 503, 504, 429);
    const acknowledged: string[] = [];
    await Promise.all(
      Array.from({ length: 40 }, async (_, request) => {
        const ids = Array.from({ length: 20 }, (_, record) => `${request}-${record}`);
        if ((await send(ids)) === 200) acknowledged.push(...ids.filter((_, index) => index % 2 === 0));
      }),
    );
    expect(acknowledged).toHaveLength(400);
    await eventually("every record has arrived", () => (backend.taken.size >= 400 ? true : undefined));
    for (const id of acknowledged) expect(backend.taken.get(id), id).toBe(1);
    expect(backend.taken.size).toBe(400);
    const all = await eventually("the exporter has the last answer", async () => {
      const found = await expectIdentity();
      return found.every(({ held }) => held === 0) ? found : undefined;
    });
    const [exporter] = all.filter(({ kind }) => kind === "exporter");
    expect(exporter).toMatchObject({ received: 400, sent: 400, dropped: 0, held: 0 });
    const [filter] = all.filter(({ id }) => id === "filter");
    expect(filter).toMatchObject({ received: 800, sent: 400, dropped: 400 });
    expect(await relay.process.stop()).toEqual({ code: 0, signal: null });
  });

  it("drops for good only what the backend rejects for good, and counts it", async () => {
    backend.failNext(400);
    expect(await send(["rejected"])).toBe(200);
    await eventually("the backend has answered", () => (backend.requests >= 1 ? true : undefined));
    expect(await send(["taken"])).toBe(200);
    await eventually("the second record has arrived", () => backend.taken.get("taken"));
    const all = await eventually("the ledger shows both", async () => {
      const found = await expectIdentity();
      return found.some(({ kind, sent, dropped }) => kind === "exporter" && sent === 1 && dropped === 1)
        ? found
        : undefined;
    });
    expect(all.find(({ kind }) => kind === "exporter")).toMatchObject({ received: 2, sent: 1, dropped: 1, held: 0 });
    expect(backend.taken.has("rejected")).toBe(false);
  });

  it("says what it could not deliver when it is stopped while the backend is down", async () => {
    backend.answerAlways(503);
    expect(await send(["a", "b", "c"])).toBe(200);
    await eventually("a first attempt failed", () => (backend.requests >= 1 ? true : undefined));
    const all = await expectIdentity();
    expect(all.find(({ kind }) => kind === "exporter")).toMatchObject({ received: 2, sent: 0, held: 2 });
    backend.answerAlways(200);
    expect(await relay.process.stop()).toEqual({ code: 0, signal: null });
    expect([...backend.taken.keys()].sort()).toEqual(["a", "c"]);
  });
});
