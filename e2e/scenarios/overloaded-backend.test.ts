import type { ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { startJsonBackend } from "../harness/json-backend.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { LogRelay } from "../harness/log-relay.ts";
import { logRecords } from "../harness/otlp-json.ts";

const most = 10;
/** Who sends at the same time: more than the exporter may, so that all of its limit is used. */
const callers = 20;

/** Works on as many requests at a time as it is told, each as long as it is told, and answers the others 429. */
async function startBackend() {
  const taken = new Map<string, number>();
  const state = { capacity: most, serviceMs: 5, refused: 0, busy: 0, mostBusy: 0 };
  const serve = (ids: readonly string[], response: ServerResponse) => {
    state.busy++;
    state.mostBusy = Math.max(state.mostBusy, state.busy);
    setTimeout(() => {
      state.busy--;
      for (const id of ids) taken.set(id, (taken.get(id) ?? 0) + 1);
      response.end("{}");
    }, state.serviceMs);
  };
  const backend = await startJsonBackend(({ body }, response) => {
    if (state.busy < state.capacity) {
      const ids = logRecords([body]).map(({ attributes }) => String(attributes.id));
      serve(ids, response);
      return;
    }
    state.refused++;
    response.writeHead(429, { "retry-after": "1" }).end("{}");
  });
  return { endpoint: backend.endpoint, state, taken, [Symbol.asyncDispose]: backend[Symbol.asyncDispose] };
}

describe("a backend that slows down, asks for time and recovers", () => {
  it("gets everything once, by fewer requests at a time while it is short of room", async () => {
    await using backend = await startBackend();
    const { state, taken } = backend;
    await using relay = await LogRelay.start({
      endpoint: backend.endpoint,
      overlay: `
exporters:
  otlp_http:
    retry_on_failure: { initial_interval: 20ms, max_interval: 100ms, max_elapsed_time: 0s }
    sending_queue: { num_consumers: ${most}, queue_size: 40, block_on_overflow: true }
`,
    });
    await relay.sendFirst([{ id: "first" }]);
    const acknowledged = new Set(["first"]);
    const post = async (id: string) => {
      if ((await relay.send([{ id }])) === 200) acknowledged.add(id);
    };
    let sending = true;
    const caller = async (number: number) => {
      for (let request = 0; sending; request++) await post(`${number}-${request}`);
    };
    const all = Promise.all(Array.from({ length: callers }, (_, number) => caller(number)));
    const limit = async () =>
      Number(/^dbintel_exporter_concurrency_limit\{.*\} (\d+)/m.exec(await relay.metrics())?.[1] ?? Number.NaN);

    await eventually("the backend is well used", () => (taken.size > 200 && state.mostBusy > 2) || undefined);
    state.serviceMs = 50;
    state.capacity = 2;
    const low = await eventually("fewer requests are on their way", async () => {
      const now = await limit();
      return state.refused > 0 && now <= most / 2 ? now : undefined;
    });
    state.serviceMs = 5;
    state.capacity = most;
    await eventually("there are more of them again", async () => (await limit()) >= low + 2 || undefined, {
      deadlineMs: 60_000,
    });
    sending = false;
    await all;
    await eventually("everything has arrived", () => taken.size >= acknowledged.size || undefined, {
      deadlineMs: 60_000,
    });
    expect(new Set(taken.keys())).toEqual(acknowledged);
    expect([...taken.values()].filter((times) => times > 1)).toEqual([]);
    const text = await eventually("the collector knows it too", async () => {
      const now = await relay.metrics();
      return readLedgers(now).every(({ held }) => held === 0) ? now : undefined;
    });
    const exporter = readLedgers(text).find(({ kind }) => kind === "exporter");
    const sent = acknowledged.size;
    expect(exporter).toMatchObject({ received: sent, sent, dropped: 0, refused: 0, held: 0 });
    expect(text).toMatch(/^otelcol_exporter_in_flight_requests\{.*\} 0$/m);
    expect(text).toMatch(/^dbintel_exporter_breaker_state\{exporter="otlp_http",state="closed"\} 1$/m);
    expect(text).toMatch(new RegExp(`^otelcol_exporter_queue_batch_send_size_sum\\{.*\\} ${sent}$`, "m"));
    expect(text).toMatch(new RegExp(`^otelcol_exporter_queue_batch_send_size_bytes_count\\{.*\\} ${sent}$`, "m"));
    expect(await relay.process.stop()).toEqual({ code: 0, signal: null });
  });
});
