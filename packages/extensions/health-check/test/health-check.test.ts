import { createServer } from "node:net";
import type { ComponentView } from "@dbintel/pipeline";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { describeExtensionContract } from "@dbintel/pipeline/testing/contracts";
import { describe, expect, it } from "vitest";
import { healthCheck } from "../src/index.ts";

const signal = new AbortController().signal;
const view = (kind: string, id: string, status: ComponentView["status"]): ComponentView => ({
  kind,
  id,
  status,
  sinceUnixNano: 1_700_000_000_000_000_000n,
});

interface StartedCheck extends AsyncDisposable {
  readonly host: TestHost;
  readonly get: (path: string, init?: RequestInit) => Promise<Response>;
}

async function started(
  settings: Parameters<typeof healthCheck>[0] = {},
  host: TestHost = createTestHost(),
): Promise<StartedCheck> {
  const { definition, config } = healthCheck({ endpoint: "127.0.0.1:0", ...settings });
  const extension = definition.create({ id: "health_check", config, host });
  await extension.start({ signal });
  const endpoint = host.lines.find(({ message }) => message === "answering health checks")?.fields.endpoint;
  return {
    host,
    get: (path: string, init?: RequestInit) => fetch(`http://${String(endpoint)}${path}`, init),
    [Symbol.asyncDispose]: () => extension.stop({ signal }),
  };
}

describeExtensionContract(healthCheck, { config: () => ({ endpoint: "127.0.0.1:0" }) });

describe("health_check", () => {
  it("answers 200 with the time since its start once the collector is ready", async () => {
    await using check = await started();
    await check.host.clock.advance(3_723_004);
    const response = await check.get("/");
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.json()).toEqual({
      status: "Server available",
      upSince: "2023-11-14T22:13:20.000Z",
      uptime: "1h2m3.004s",
    });
  });

  it("answers 503 before and after", async () => {
    await using check = await started();
    check.host.setReady(false);
    const response = await check.get("/");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: "Server not available" });
  });

  it("answers on the configured path with the configured bodies", async () => {
    await using check = await started({ path: "/ready", response_body: { healthy: "fine", unhealthy: "wait" } });
    expect(await (await check.get("/ready?from=probe")).text()).toBe("fine");
    check.host.setReady(false);
    expect(await (await check.get("/ready")).text()).toBe("wait");
    expect((await check.get("/")).status).toBe(404);
  });

  it("answers HEAD without a body and refuses methods that change things", async () => {
    await using check = await started();
    const head = await check.get("/", { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const posted = await check.get("/", { method: "POST" });
    expect([posted.status, posted.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  });

  it("shows the state of each component, and stays healthy while one of them has an error", async () => {
    await using check = await started();
    check.host.setComponents([
      view("exporter", "otlp_http", { state: "ok" }),
      { ...view("processor", "batch", { state: "ok" }), pipeline: "logs" },
      view("receiver", "postgresql", { state: "permanent_error", message: "wrong password", hint: "set password" }),
    ]);
    const status_time = "2023-11-14T22:13:20.000Z";
    const response = await check.get("/status?verbose");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      healthy: true,
      status: "StatusPermanentError",
      components: {
        "exporter:otlp_http": { healthy: true, status: "StatusOK", status_time },
        "processor:batch@logs": { healthy: true, status: "StatusOK", status_time },
        "receiver:postgresql": {
          healthy: false,
          status: "StatusPermanentError",
          status_time,
          error: "wrong password",
          hint: "set password",
        },
      },
    });
    expect(await (await check.get("/status")).json()).toEqual({ healthy: true, status: "StatusPermanentError" });
  });

  it.each([
    [{ state: "starting" }, "StatusStarting"],
    [{ state: "stopped" }, "StatusStopping"],
  ] as const)("says which way a collector goes that is not ready: $0.state", async (status, shown) => {
    await using check = await started();
    check.host.setReady(false);
    check.host.setComponents([view("exporter", "nop", { state: "ok" }), view("receiver", "otlp", status)]);
    const response = await check.get("/status");
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ healthy: false, status: shown });
  });

  it("takes out what is personal from the words of a destination", async () => {
    await using check = await started();
    const message = "the destination refused ann@example.com";
    check.host.setComponents([view("exporter", "x", { state: "recoverable_error", message, hint: "wait" })]);
    expect(await (await check.get("/status?verbose")).json()).toMatchObject({
      components: { "exporter:x": { error: "the destination refused [REDACTED:email]", hint: "wait" } },
    });
  });

  it("serves no component states where that is off", async () => {
    await using check = await started({ status: { enabled: false } });
    expect((await check.get("/status")).status).toBe(404);
  });

  it("says which address is taken, and what to do", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const address = taken.address();
    const port = typeof address === "object" ? address?.port : undefined;
    await expect(started({ endpoint: `127.0.0.1:${port}` })).rejects.toMatchObject({
      code: "DBI_LISTEN",
      message: `cannot listen on 127.0.0.1:${port}: EADDRINUSE`,
      hint: expect.stringContaining("endpoint of health_check"),
    });
    await new Promise((resolve) => taken.close(resolve));
  });

  it("warns when other machines can reach it", async () => {
    await using check = await started({ endpoint: "0.0.0.0:0" });
    expect(check.host.lines.filter(({ level }) => level === "warn")).toMatchObject([
      { message: "health_check is reachable from other machines without authentication" },
    ]);
  });

  it("closes connections that are open when it stops", async () => {
    const check = await started();
    await check.get("/");
    await check[Symbol.asyncDispose]();
    await expect(check.get("/")).rejects.toThrow("fetch failed");
  });
});
