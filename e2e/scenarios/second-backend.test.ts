import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { startFlakyBackend } from "../harness/flaky-backend.ts";
import { freePort } from "../harness/free-port.ts";
import { postLogs } from "../harness/log-client.ts";

it("goes to the second backend while the first one fails, at once, and back when it works again", async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "dbintel-second-backend-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  const primary = stack.use(await startFlakyBackend());
  const reserve = stack.use(await startFlakyBackend());
  const [port, metricsPort] = [await freePort(), await freePort()];
  const config = join(folder, "second-backend.yaml");
  await writeFile(
    config,
    `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }
exporters:
  otlp_http/primary:
    endpoint: "${primary.endpoint}"
    encoding: json
    compression: none
    sending_queue: { enabled: false }
    retry_on_failure: { enabled: false, initial_interval: 50ms, max_interval: 1s }
  otlp_http/reserve:
    endpoint: "${reserve.endpoint}"
    encoding: json
    compression: none
connectors:
  failover: { priority_levels: [[logs/primary], [logs/reserve]], retry_interval: 20ms }
service:
  telemetry:
    metrics:
      readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${metricsPort} } } } }]
  pipelines:
    logs: { receivers: [otlp], exporters: [failover] }
    logs/primary: { receivers: [failover], exporters: [otlp_http/primary] }
    logs/reserve: { receivers: [failover], exporters: [otlp_http/reserve] }
`,
  );
  const dbintel = stack.use(new DbintelProcess(["run", "--config", config]));

  const acknowledged: string[] = [];
  const send = async (): Promise<void> => {
    const id = `record-${acknowledged.length}`;
    if ((await postLogs(`http://127.0.0.1:${port}/v1/logs`, [{ id }])) === 200) acknowledged.push(id);
    else if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
  };
  const sendUntil = (what: string, probe: () => boolean | Promise<boolean>) =>
    eventually(what, async () => {
      await send();
      return (await probe()) ? true : undefined;
    });
  const breakerIsOpen = async (): Promise<boolean> => {
    const text = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    return /^dbintel_exporter_breaker_state\{exporter="otlp_http\/primary",state="open"\} 1$/m.test(text);
  };

  await sendUntil("the first backend has records", () => primary.taken.size > 0);
  primary.answerAlways(502);
  await sendUntil("the exporter leaves the first backend alone", breakerIsOpen);
  const [requests, sent] = [primary.requests, acknowledged.length];
  for (let count = 0; count < 200; count++) await send();
  expect(acknowledged).toHaveLength(sent + 200);
  // One attempt at a time, at the intervals of its probes and not at those of the connector.
  expect(primary.requests - requests).toBeLessThan(100);
  await eventually("the second backend has them", () => (reserve.taken.size >= 200 ? true : undefined));

  primary.answerAlways(200);
  const before = primary.taken.size;
  await sendUntil("the first backend gets records again", () => primary.taken.size > before);
  expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
  const arrived = [...primary.taken.keys(), ...reserve.taken.keys()];
  expect(arrived.toSorted()).toEqual(acknowledged.toSorted());
});
