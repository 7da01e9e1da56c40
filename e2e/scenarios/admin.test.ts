import { once } from "node:events";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess, type Exit, runDbintel } from "../harness/dbintel-process.ts";
import { type FlakyBackend, startFlakyBackend } from "../harness/flaky-backend.ts";
import { freePort } from "../harness/free-port.ts";

const source = fileURLToPath(new URL("../../configs/admin.yaml", import.meta.url));

describe("configs/admin.yaml", () => {
  let folder: string;
  let config: string;
  let backend: FlakyBackend;
  let dbintel: DbintelProcess;
  let ports: { readonly otlp: number; readonly admin: number; readonly health: number; readonly metrics: number };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-admin-"));
    config = join(folder, "admin.yaml");
    await copyFile(source, config);
    backend = await startFlakyBackend();
    ports = { otlp: await freePort(), admin: await freePort(), health: await freePort(), metrics: await freePort() };
    const args = ["run", "--config", config, "--set", "exporters.otlp_http.encoding=json"];
    dbintel = new DbintelProcess([...args, "--set", "exporters.otlp_http.compression=none"], {
      OTLP_LISTEN: `localhost:${ports.otlp}`,
      OTLP_ENDPOINT: backend.endpoint,
      ADMIN_LISTEN: `localhost:${ports.admin}`,
      HEALTH_LISTEN: `localhost:${ports.health}`,
      METRICS_PORT: String(ports.metrics),
    });
    await eventually("it is ready", async () => {
      if (!dbintel.running) throw new Error(dbintel.stderr);
      const answer = await ask("/-/ready").catch(() => undefined);
      return answer?.status === 200 ? true : undefined;
    });
  });
  afterAll(async () => {
    await dbintel[Symbol.asyncDispose]();
    await backend[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  const ask = (path: string, init: RequestInit = {}) => fetch(`http://localhost:${ports.admin}${path}`, init);

  async function send(body: string): Promise<number> {
    const attributes = [{ key: "id", value: { stringValue: body } }];
    const logRecords = [{ body: { stringValue: body }, attributes }];
    const answer = await fetch(`http://localhost:${ports.otlp}/v1/logs`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] }),
    });
    return answer.status;
  }

  it("shows what comes through, without what verification has taken out", async () => {
    const tap = await ask("/api/v1/tap?limit=1");
    expect(await send("written by ann@example.com")).toBe(200);
    const text = await tap.text();
    expect(text).toContain("written by [");
    expect(text).not.toContain("ann@example.com");
    const tree = (await (await ask("/api/v1/components")).json()) as { exporters: Record<string, { state: string }> };
    expect(tree.exporters.otlp_http?.state).toBe("ok");
    expect(await (await ask("/metrics")).text()).toContain("dbintel_config_last_reload_successful 1");
    expect(await (await ask("/-/ready")).json()).toMatchObject({ status: "ready", data: true });
  });

  it("is looked into from the command line", async () => {
    const url = `http://localhost:${ports.admin}`;
    await using tap = new DbintelProcess(["tap", "otlp_http", "--limit", "2"], { DBINTEL_ADMIN_URL: url });
    while (tap.running) expect(await send("of bob@example.com")).toBe(200);
    expect(await tap.exited).toEqual({ code: 0, signal: null });
    const seen = tap.stdout.trim().split("\n");
    expect(seen.map((line) => JSON.parse(line))).toContainEqual(
      expect.objectContaining({ component: "exporter/otlp_http", signal: "logs" }),
    );
    expect(tap.stdout).not.toContain("bob@example.com");
    const top = await runDbintel(["top", "--once", "--interval", "200ms", "--admin", url]);
    expect(top.stdout).toMatch(/^processor\/verification@logs +ok +logs +\d/m);
    expect(top.stdout).toMatch(/^exporter\/otlp_http +ok +logs .* \d+\/\d+/m);
  });

  it("tells where its settings come from", async () => {
    const settings = (await (await ask("/api/v1/config")).json()) as { path: string; origin: string }[];
    const origin = (path: string) => settings.find((each) => each.path === path)?.origin;
    expect(origin("extensions.admin.endpoint")).toMatch(/admin\.yaml:\d+:\d+ from \$\{env:ADMIN_LISTEN\}$/);
    expect(origin("processors.batch.timeout")).toBe("default");
    expect(origin("exporters.otlp_http.encoding")).toMatch(/^--set/);
  });

  it("reloads, and exchanges its own endpoint for another one", async () => {
    const plain = await readFile(config, "utf8");
    await writeFile(config, plain.replace("limit_percentage: 80", "limit_percentage: 800"));
    const rejected = await ask("/-/reload", { method: "POST" });
    expect(rejected.status).toBe(422);
    expect(await rejected.json()).toMatchObject({ problems: [expect.stringContaining("limit_percentage")] });

    await writeFile(config, plain.replace("limit_percentage: 80", "limit_percentage: 70"));
    const applied = await ask("/-/reload", { method: "POST" });
    const started = ["logs", "metrics", "traces"].map((pipeline) => `processor memory_limiter@${pipeline}`);
    expect([applied.status, await applied.json()]).toEqual([
      200,
      expect.objectContaining({ started, stopped: started }),
    ]);

    await writeFile(config, plain.replace("  admin:\n", "  admin:\n    tap: { enabled: false }\n"));
    expect((await ask("/-/reload", { method: "POST" })).status).toBe(202);
    await eventually("the new endpoint answers", async () => {
      const answer = await ask("/-/reload").catch(() => undefined);
      const body = (await answer?.json()) as { last_reload?: { started: string[] } } | undefined;
      return body?.last_reload?.started.includes("extension admin") ? true : undefined;
    });
    expect((await ask("/api/v1/tap")).status).toBe(403);
    expect(await send("after all that")).toBe(200);
    await eventually("it has arrived", () => backend.taken.get("after all that"));
  });

  it("answers ten thousand probes that come at once, while it stops, whole or not at all", async () => {
    const probes = 10_000;
    const outcomes = { answered: 0, refused: 0, halved: 0 };
    const whole = /^HTTP\/1\.1 (?:200|503) .*\r\n\r\n\{"status":"[^"]+".*\}$/s;
    const probe = async (port: number, path: string) => {
      const socket = connect(port, "127.0.0.1");
      let text = "";
      socket.on("error", () => {}).setEncoding("utf8");
      socket.on("data", (chunk: string) => {
        text += chunk;
      });
      socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
      await once(socket, "close").catch(() => {});
      if (text === "") outcomes.refused += 1;
      else if (whole.test(text)) outcomes.answered += 1;
      else outcomes.halved += 1;
    };
    const asked: Promise<void>[] = [];
    let exit: Promise<Exit> | undefined;
    while (asked.length < probes) {
      for (let index = 0; index < 250; index++) asked.push(probe(ports.admin, "/-/ready"), probe(ports.health, "/"));
      await setImmediate(); // lets the sockets work
      if (outcomes.answered > 0) exit ??= dbintel.stop();
    }
    await Promise.all(asked);
    expect(await (exit ?? dbintel.stop())).toEqual({ code: 0, signal: null });
    expect(outcomes.answered).toBeGreaterThan(0);
    expect(outcomes.halved).toBe(0);
    console.log(outcomes);
    expect(outcomes.answered + outcomes.refused).toBe(probes);
    expect(dbintel.stderr).not.toContain("ann@example.com");
  });
});
