import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess, runDbintel } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";

describe("a collector that cannot start beside another one", () => {
  let folder: string;
  let first: DbintelProcess;
  let port: number;

  /** Without metrics, so that no socket keeps the process while it waits for the folder. */
  async function config(name: string, endpoint: number, state: string): Promise<string> {
    const file = join(folder, `${name}.yaml`);
    await writeFile(
      file,
      `
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${endpoint}" } } }
exporters: { debug: {} }
extensions:
  file_storage: { directory: "${join(folder, state)}", timeout: 200ms }
service:
  extensions: [file_storage]
  telemetry: { metrics: { level: none } }
  pipelines:
    logs: { receivers: [otlp], exporters: [debug] }
`,
    );
    return file;
  }

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-start-failure-"));
    port = await freePort();
    first = new DbintelProcess(["run", "--config", await config("first", port, "state")]);
    await eventually("the first one is ready", () => {
      if (!first.running) throw new Error(first.stderr);
      return first.stderr.includes("everything is ready") || undefined;
    });
  });
  afterAll(async () => {
    await first[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("says which process has the state folder, and ends with 1", async () => {
    const { code, stderr } = await runDbintel(["run", "--config", await config("second", await freePort(), "state")]);
    expect(stderr).toContain(`process ${first.pid} on `);
    expect(stderr).toContain(join(folder, "state"));
    expect(stderr).not.toContain("top-level await");
    expect(code).toBe(1);
  });

  it("says which port is taken, and ends with 1", async () => {
    const { code, stderr } = await runDbintel(["run", "--config", await config("third", port, "other")]);
    expect(stderr).toContain(`127.0.0.1:${port}: EADDRINUSE`);
    expect(stderr).toContain("choose another port");
    expect(code).toBe(1);
  });
});
