import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import type { FlakyBackend } from "../harness/flaky-backend.ts";
import { startFlakyBackend } from "../harness/flaky-backend.ts";
import { freePort } from "../harness/free-port.ts";
import { readLedgers } from "../harness/ledgers.ts";

describe("a relay between applications and a backend that fails", () => {
  let folder: string;
  let backend: FlakyBackend;
  let dbintel: DbintelProcess;
  let endpoint: string;
  let metricsUrl: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-relay-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  beforeEach(async () => {
    backend = await startFlakyBackend();
    const [port, metricsPort] = [await freePort(), await freePort()];
    endpoint = `http://127.0.0.1:${port}/v1/logs`;
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    const config = join(folder, "relay.yaml");
    await writeFile(
      config,
      `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }
processors:
  filter: { logs: { log_record: ['attributes["noise"] == true'] } }
  batch: { timeout: 20ms }
exporters:
  otlp_http:
    endpoint: "${backend.endpoint}"
    encoding: json
    compression: none
    retry_on_failure: { initial_interval: 50ms, max_interval: 200ms }
service:
  telemetry:
    metrics:
      readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${metricsPort} } } } }]
  pipelines:
    logs: { receivers: [otlp], processors: [filter, batch], exporters: [otlp_http] }
`,
    );
    dbintel = new DbintelProcess(["run", "--config", config]);
    await eventually("the receiver answers", async () => {
      if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
      return (await send([])) === 200 ? true : undefined;
    });
  });
  afterEach(async () => {
    await dbintel[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
  });

  /** Sends one request with a record for each id; every second one is noise. The status, or `undefined`. */
  async function send(ids: readonly string[]): Promise<number | undefined> {
    const logRecords = ids.map((id, index) => ({
      timeUnixNano: "1700000000000000001",
      attributes: [
        { key: "id", value: { stringValue: id } },
        { key: "noise", value: { boolValue: index % 2 === 1 } },
      ],
    }));
    const body = JSON.stringify({ resourceLogs: ids.length === 0 ? [] : [{ scopeLogs: [{ logRecords }] }] });
    const headers = { "content-type": "application/json" };
    return (await fetch(endpoint, { method: "POST", headers, body }).catch(() => undefined))?.status;
  }

  const ledgers = async () => readLedgers(await (await fetch(metricsUrl)).text());

  async function expectIdentity() {
    const all = await ledgers();
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
    const all = await expectIdentity();
    const [exporter] = all.filter(({ kind }) => kind === "exporter");
    expect(exporter).toMatchObject({ received: 400, sent: 400, dropped: 0, held: 0 });
    const [filter] = all.filter(({ id }) => id === "filter");
    expect(filter).toMatchObject({ received: 800, sent: 400, dropped: 400 });
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
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
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    expect([...backend.taken.keys()].sort()).toEqual(["a", "c"]);
  });
});
