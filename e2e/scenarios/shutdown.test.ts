import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { startFlakyBackend } from "../harness/flaky-backend.ts";
import { freePort } from "../harness/free-port.ts";
import { postLogs } from "../harness/log-client.ts";

describe("a collector that is stopped while its backend is down", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-shutdown-"));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("says by exporter what it could not deliver and what stays on disk, and delivers that after the next start", async () => {
    await using backend = await startFlakyBackend();
    backend.answerAlways(503);
    const [port, metrics] = [await freePort(), await freePort()];
    const config = join(folder, "collector.yaml");
    const exporter = `endpoint: "${backend.endpoint}", encoding: json, compression: none`;
    await writeFile(
      config,
      `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${port}" } } }
exporters:
  otlp_http/memory: { ${exporter} }
  otlp_http/disk: { ${exporter}, sending_queue: { storage: file_storage } }
extensions:
  file_storage: { directory: "${join(folder, "state")}" }
service:
  extensions: [file_storage]
  telemetry:
    metrics: { readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${metrics} } } } }] }
  pipelines:
    logs/memory: { receivers: [otlp], exporters: [otlp_http/memory] }
    logs/disk: { receivers: [otlp], exporters: [otlp_http/disk] }
`,
    );
    const run = () => new DbintelProcess(["run", "--config", config, "--stop-timeout", "1s"]);
    const send = (id: string) => postLogs(`http://127.0.0.1:${port}/v1/logs`, [{ id }]);
    {
      await using dbintel = run();
      await eventually("it takes data", async () => {
        if (!dbintel.running) throw new Error(dbintel.stderr);
        return (await send("first")) === 200 ? true : undefined;
      });
      expect(await send("second")).toBe(200);
      expect((await dbintel.stop()).signal).toBe(null);
      const told = dbintel.stderr.split("\n").filter((line) => line.includes("not everything could be delivered"));
      expect(told).toHaveLength(2);
      const line = (id: string) => told.find((each) => each.includes(`[exporter ${id}]`));
      expect(line("otlp_http/memory")).toContain('dropped={"shutdown":2} kept_on_disk=0 lost=0');
      expect(line("otlp_http/disk")).toContain("dropped={} kept_on_disk=2 lost=0");
    }
    expect(backend.taken.size).toBe(0);
    backend.answerAlways(200);
    await using dbintel = run();
    await eventually("what was kept has arrived", () => (backend.taken.size === 2 ? true : undefined));
    expect([...backend.taken.keys()].toSorted()).toEqual(["first", "second"]);
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    expect(dbintel.stderr).not.toContain("not everything could be delivered");
  });

  it("ends once it has stopped, also while an export of its own metrics waits for an answer", async () => {
    let asked = 0;
    const mute = createServer(() => void asked++);
    mute.listen(0, "127.0.0.1");
    await once(mute, "listening");
    const { port } = mute.address() as AddressInfo;
    // By itself it would give up after the test.
    const exporter = `{ otlp: { protocol: http/protobuf, endpoint: "http://127.0.0.1:${port}", timeout: 10m } }`;
    const config = `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${await freePort()}" } } }
exporters: { debug: {} }
service:
  telemetry: { metrics: { readers: [{ periodic: { interval: 1000, exporter: ${exporter} } }] } }
  pipelines: { logs: { receivers: [otlp], exporters: [debug] } }
`;
    await using dbintel = new DbintelProcess(["run", "--config", `yaml:${config}`]);
    await eventually("an export is under way", () => {
      if (!dbintel.running) throw new Error(dbintel.stderr);
      return asked > 0 ? true : undefined;
    });
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    expect(dbintel.stderr).toContain("stopped accounts=");
    mute.close();
  });
});
