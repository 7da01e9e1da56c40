import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { freePort } from "../harness/free-port.ts";

/** Applications → an agent without a key → a gateway that wants one → a file. */
describe("an agent in front of a guarded gateway", () => {
  let folder: string;
  let gateway: DbintelProcess;
  let agent: DbintelProcess;
  let agentPort: number;
  let gatewayPort: number;
  const path = (name: string) => join(folder, name);

  /** Replaces a file as a whole, as Kubernetes does with a Secret. */
  async function replace(name: string, content: string): Promise<void> {
    await writeFile(path(`${name}.new`), content);
    await rename(path(`${name}.new`), path(name));
  }

  const send = async (port: number, id: string, headers: Readonly<Record<string, string>> = {}) => {
    const logRecords = [{ body: { stringValue: id } }];
    const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
    const init = { method: "POST", headers: { "content-type": "application/json", ...headers }, body };
    return (await fetch(`http://127.0.0.1:${port}/v1/logs`, init).catch(() => undefined))?.status;
  };
  const received = async () => {
    const text = await readFile(path("telemetry.jsonl"), "utf8").catch(() => "");
    return [...text.matchAll(/"stringValue":"(record \d+)"/g)].map(([, id]) => id ?? "");
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-front-door-"));
    [agentPort, gatewayPort] = [await freePort(), await freePort()];
    await writeFile(path("let-in"), "first-token\n");
    await writeFile(path("carried"), "first-token\n");
    await writeFile(
      path("gateway.yaml"),
      `
extensions:
  bearer_token_auth: { filename: "${path("let-in")}", reload_interval: 100ms }
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${gatewayPort}", auth: { authenticator: bearer_token_auth } } } }
exporters:
  file: { path: "${path("telemetry.jsonl")}", flush_interval: 50ms }
service:
  telemetry: { metrics: { level: none } }
  extensions: [bearer_token_auth]
  pipelines:
    logs: { receivers: [otlp], exporters: [file] }
`,
    );
    await writeFile(
      path("agent.yaml"),
      `
extensions:
  bearer_token_auth/gateway: { filename: "${path("carried")}", reload_interval: 100ms }
receivers:
  otlp: { protocols: { http: { endpoint: "127.0.0.1:${agentPort}" } } }
exporters:
  otlp_http:
    endpoint: "http://127.0.0.1:${gatewayPort}"
    auth: { authenticator: bearer_token_auth/gateway }
    sending_queue: { enabled: false }
service:
  telemetry: { metrics: { level: none } }
  extensions: [bearer_token_auth/gateway]
  pipelines:
    logs: { receivers: [otlp], exporters: [otlp_http] }
`,
    );
    gateway = new DbintelProcess(["run", "--config", path("gateway.yaml")]);
    agent = new DbintelProcess(["run", "--config", path("agent.yaml")]);
    await eventually("both listen", () => {
      for (const { running, stderr } of [gateway, agent]) if (!running) throw new Error(`dbintel ended:\n${stderr}`);
      return [gateway, agent].every(({ stderr }) => stderr.includes("everything is ready")) ? true : undefined;
    });
  });
  afterAll(async () => {
    await agent[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  it("is let in with its key, also after the key was changed; strangers are not; nothing prints a key", async () => {
    expect(await send(gatewayPort, "record 0")).toBe(401);
    expect(await send(gatewayPort, "record 0", { authorization: "Bearer guess" })).toBe(401);
    expect(await send(agentPort, "record 1")).toBe(200);

    await replace("let-in", "first-token\nsecond-token\n");
    await eventually("the gateway knows the new key", async () =>
      (await send(gatewayPort, "record 2", { authorization: "Bearer second-token" })) === 200 ? true : undefined,
    );
    await replace("carried", "second-token\n");
    await eventually("the agent carries it", () => (agent.stderr.includes("was read again") ? true : undefined));
    await replace("let-in", "second-token\n");
    await eventually("the old key is of no use", async () =>
      (await send(gatewayPort, "probe", { authorization: "Bearer first-token" })) === 401 ? true : undefined,
    );
    expect(await send(agentPort, "record 3")).toBe(200);

    expect(await agent.stop()).toEqual({ code: 0, signal: null });
    expect(await gateway.stop()).toEqual({ code: 0, signal: null });
    expect(new Set(await received())).toEqual(new Set(["record 1", "record 2", "record 3"]));
    expect(agent.stderr + gateway.stderr).not.toMatch(/first-token|second-token/);
  });

  it("hears at the start that an authenticator does not run", async () => {
    await writeFile(
      path("wrong.yaml"),
      (await readFile(path("gateway.yaml"), "utf8")).replace("[bearer_token_auth]", "[]"),
    );
    await using dbintel = new DbintelProcess(["run", "--config", path("wrong.yaml")]);
    const { code } = await dbintel.exited;
    expect(code).not.toBe(0);
    expect(dbintel.stderr).toContain("bearer_token_auth");
    expect(dbintel.stderr).toContain("does not run");
  });
});
