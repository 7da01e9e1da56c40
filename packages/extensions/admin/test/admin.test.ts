import { once } from "node:events";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RefusedError } from "@dbintel/errors";
import { logsBuilder } from "@dbintel/pdata";
import { deadLetterDesks, Ledger } from "@dbintel/pipeline";
import { describeExtensionContract } from "@dbintel/pipeline/testing/contracts";
import { describe, expect, it } from "vitest";
import { admin } from "../src/index.ts";
import { never, operated } from "./operated.ts";

describeExtensionContract(admin, { config: () => ({ endpoint: "127.0.0.1:0" }) });

const json = { "content-type": "application/json" };

describe("health", () => {
  it("tells life from readiness", async () => {
    await using served = await operated();
    served.host.setReady(false);
    expect(await served.ask("GET", "/-/healthy")).toMatchObject({ status: 200, json: { status: "alive" } });
    const before = await served.ask("GET", "/-/ready");
    expect([before.status, before.json]).toEqual([503, { status: "starting", data: false, errors: 0 }]);
    served.host.setReady(true);
    expect(await served.ask("GET", "/-/ready")).toMatchObject({ status: 200, json: { status: "ready" } });
    served.host.setReady(false);
    served.host.setComponents([{ kind: "receiver", id: "otlp", status: { state: "stopping" }, sinceUnixNano: 0n }]);
    expect(await served.ask("GET", "/-/ready")).toMatchObject({ status: 503, json: { status: "stopping" } });
  });

  it("waits for data where it is told to", async () => {
    await using served = await operated({ readiness: { require_data: true } });
    expect(await served.ask("GET", "/-/ready")).toMatchObject({ status: 503, json: { status: "waiting" } });
    const ledger = new Ledger();
    ledger.received("logs", 1);
    const status = { state: "ok" } as const;
    const receiver = { kind: "receiver", id: "otlp", transport: "http", status, sinceUnixNano: 0n, ledger } as const;
    served.control.components = [{ ...receiver, held: () => 0 }];
    expect(await served.ask("GET", "/-/ready")).toMatchObject({ status: 200, json: { status: "ready", data: true } });
  });
});

describe("dead letters", () => {
  const path = "/api/v1/dead-letters";
  const content_sha256 = "ab".repeat(32);
  const named = `${path}?exporter=x&content_sha256=`;

  async function kept() {
    const served = await operated();
    const done: string[] = [];
    const letter = { exporter: "x", content_sha256, items: 1 };
    const batch = logsBuilder().record({ body: "rejected" }).build();
    let isThere = true;
    let refusal: Error | undefined;
    served.host.shared(deadLetterDesks).set("x", {
      letters: () => (isThere ? [letter] : []),
      open: async (hash) => (isThere && hash === content_sha256 ? { letter, batch } : undefined),
      replay: async () => {
        if (refusal !== undefined) throw refusal;
        done.push("replay");
        return true;
      },
      remove: () => {
        done.push("drop");
        return isThere;
      },
    });
    const change = (action: string, exporter = "x") =>
      served.ask("POST", path, json, JSON.stringify({ action, exporter, content_sha256 }));
    const refuse = (error: Error) => {
      refusal = error;
    };
    const leave = () => {
      isThere = false;
    };
    return { served, letter, done, change, refuse, leave, [Symbol.asyncDispose]: () => served[Symbol.asyncDispose]() };
  }

  it("are listed, and shown with their records, which the audit log tells", async () => {
    await using desk = await kept();
    const { served, letter } = desk;
    expect((await served.ask("GET", path)).json).toEqual({ exporters: ["x"], letters: [letter] });
    expect(served.audit()).toEqual([]);
    const { json: shown } = await served.ask("GET", `${named}${content_sha256}`);
    expect(shown).toMatchObject({ ...letter, telemetry: { resourceLogs: [{}] } });
    expect(JSON.stringify(shown)).toContain("rejected");
    expect(served.audit()).toMatchObject([{ audit: "dead-letter", outcome: "shown", exporter: "x" }]);
    expect((await served.ask("GET", `${named}${"00".repeat(32)}`)).status).toBe(404);
    expect((await served.ask("GET", `${named}ab`)).status).toBe(400);
  });

  it("are sent again and removed, which the audit log tells before and after", async () => {
    await using desk = await kept();
    expect((await desk.change("replay")).status).toBe(200);
    expect((await desk.change("drop")).json).toEqual({ content_sha256, action: "drop" });
    expect(desk.done).toEqual(["replay", "drop"]);
    const audit = desk.served.audit().map(({ change, outcome }) => [change, outcome]);
    expect(audit).toEqual(
      ["replay", "drop"].flatMap((change) => [
        [change, "begun"],
        [change, "applied"],
      ]),
    );
  });

  it("are left where they are by what is wrong", async () => {
    await using desk = await kept();
    expect((await desk.change("burn")).status).toBe(400);
    expect((await desk.change("drop", "y")).status).toBe(404);
    expect((await desk.served.ask("POST", path, {}, "{}")).status).toBe(415);
    desk.refuse(new RefusedError("the queue is full", { code: "DBI_QUEUE_FULL" }));
    const { status, json: body } = await desk.change("replay");
    expect([status, body.error]).toEqual([503, "the exporter does not take the letter: the queue is full"]);
    expect(desk.done).toEqual([]);
    desk.leave();
    expect((await desk.change("drop")).status).toBe(404);
    expect(desk.served.audit().at(-1)).toMatchObject({ change: "drop", outcome: "gone" });
  });
});

describe("what is shown", () => {
  it("is the components with their states and accounts", async () => {
    await using served = await operated();
    const ledger = new Ledger();
    ledger.received("logs", 3);
    ledger.dropped("logs", 1, "sampled");
    const more = { transport: undefined, sinceUnixNano: 1_700_000_000_000_000_000n, ledger, held: () => 0 };
    served.control.components = [
      { kind: "processor", id: "filter", pipeline: "logs", status: { state: "ok" }, ...more },
      {
        kind: "exporter",
        id: "x",
        status: { state: "recoverable_error", message: "no to ann@example.com", hint: "wait" },
        ...more,
      },
    ];
    const { json: tree } = await served.ask("GET", "/api/v1/components");
    const accounts = { logs: { received: 3, sent: 0, refused: 0, dropped: { sampled: 1 }, held: 2 } };
    const since = "2023-11-14T22:13:20.000Z";
    expect(tree).toMatchObject({
      ready: true,
      last_reload: null,
      pipelines: { logs: { processors: { filter: { state: "ok", since, accounts } } } },
      exporters: { x: { state: "recoverable_error", message: "no to [REDACTED:email]", hint: "wait" } },
    });
  });

  it("is the configuration with the origin of each value, and the metrics", async () => {
    await using served = await operated();
    const config = await served.ask("GET", "/api/v1/config");
    expect(JSON.parse(config.text)).toEqual([{ path: "receivers.otlp.port", value: 1, origin: "c.yaml:3:9" }]);
    const metrics = await served.ask("GET", "/metrics");
    expect([metrics.text, metrics.headers["content-type"]]).toEqual([
      "up 1\n",
      "text/plain; version=0.0.4; charset=utf-8",
    ]);
    served.control.text = undefined;
    expect((await served.ask("GET", "/metrics")).status).toBe(404);
  });
});

describe("changes", () => {
  it("are made and kept: who, what, when, and what came of it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "dbintel-audit-"));
    const file = join(folder, "audit.jsonl");
    try {
      await using served = await operated({ audit: { file } });
      expect(await served.ask("POST", "/-/reload")).toMatchObject({
        status: 200,
        json: { outcome: "applied", kept: 3 },
      });
      served.control.outcome = "rejected";
      const rejected = await served.ask("POST", "/-/reload");
      expect(rejected).toMatchObject({ status: 422, json: { outcome: "rejected", problems: ["c.yaml:1:1: wrong"] } });
      const level = JSON.stringify({ level: "debug" });
      expect(await served.ask("PUT", "/api/v1/log-level", json, level)).toMatchObject({ status: 200 });
      expect(served.control.logLevel).toBe("debug");
      expect(await served.ask("GET", "/api/v1/log-level")).toMatchObject({ json: { level: "debug" } });
      expect(await served.ask("GET", "/-/reload")).toMatchObject({ json: { last_reload: { outcome: "rejected" } } });

      const lines = (await readFile(file, "utf8")).trim().split("\n");
      const kept = lines.map((line) => JSON.parse(line));
      expect(kept.map(({ action, outcome }) => `${action} ${outcome}`)).toEqual([
        "reload begun",
        "reload applied",
        "reload begun",
        "reload rejected",
        "log-level applied",
      ]);
      expect(kept.at(-1)).toEqual({
        time: "2023-11-14T22:13:20.000Z",
        who: "anonymous from 127.0.0.1",
        ...{ action: "log-level", outcome: "applied", from: "info", to: "debug" },
      });
      expect((await stat(file)).mode & 0o777).toBe(0o600);
      expect(served.audit()).toHaveLength(5);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("are none where they cannot be kept", async () => {
    await expect(operated({ audit: { file: "/nowhere/audit.jsonl" } })).rejects.toMatchObject({ code: "DBI_FILE" });
    await using served = await operated({ audit: { file: "/dev/full" } });
    expect((await served.ask("PUT", "/api/v1/log-level", json, '{"level":"debug"}')).status).toBe(500);
    expect(served.control.logLevel).toBe("info");
  });

  it("answer 202 when the reload exchanges the endpoint itself", async () => {
    const served = await operated();
    const { promise, resolve } = Promise.withResolvers<void>();
    served.control.reloading = promise;
    const answer = served.ask("POST", "/-/reload");
    await expect.poll(() => served.audit().length).toBe(1);
    await served.extension.stop({ signal: never });
    expect(await answer).toMatchObject({ status: 202, json: { outcome: "running" } });
    resolve();
  });
});

describe("a request that is wrong", () => {
  it.each([
    ["GET", "/", {}, "", 404, {}],
    ["GET", "/constructor", {}, "", 404, {}],
    ["DELETE", "/-/reload", {}, "", 405, { allow: "POST, GET, HEAD" }],
    ["POST", "/-/ready", {}, "", 405, { allow: "GET, HEAD" }],
    ["GET", "/-/healthy", { "x-long": "x".repeat(9000) }, "", 431, {}],
    ["GET", "/-/healthy", { host: "attacker.example" }, "", 421, {}],
    ["POST", "/-/reload", { origin: "https://attacker.example" }, "", 403, {}],
    ["PUT", "/api/v1/log-level", {}, '{"level":"debug"}', 415, {}],
    ["PUT", "/api/v1/log-level", json, "{", 400, {}],
    ["PUT", "/api/v1/log-level", json, '{"level":"loud"}', 400, {}],
    ["PUT", "/api/v1/log-level", json, "x".repeat(5000), 413, {}],
    ["GET", "/api/v1/tap?limit=0", {}, "", 400, {}],
  ] as const)("gets its exact status: %s %s", async (method, path, headers, body, status, expected) => {
    await using served = await operated();
    const answer = await served.ask(method, path, headers, body);
    expect(answer.status).toBe(status);
    expect(answer.headers).toMatchObject(expected);
    expect([served.control.logLevel, served.control.lastReload, served.audit()]).toEqual(["info", undefined, []]);
  });

  it("gets 401 from a stranger, but for health, and names who may", async () => {
    const guard = {
      challenge: 'Basic realm="x"',
      admits: async (header: (name: string) => string | undefined) => header("authorization") === "Basic YW5uOnM=",
    };
    await using served = await operated({ auth: { authenticator: "guard" } }, new Map([["guard", guard]]));
    for (const path of ["/-/reload", "/metrics", "/api/v1/config", "/nothing"]) {
      const answer = await served.ask("GET", path);
      expect([path, answer.status, answer.headers["www-authenticate"]]).toEqual([path, 401, 'Basic realm="x"']);
    }
    expect((await served.ask("GET", "/-/healthy")).status).toBe(200);
    expect((await served.ask("GET", "/-/ready")).status).toBe(200);
    const answer = await served.ask("POST", "/-/reload", { authorization: "Basic YW5uOnM=" });
    expect([answer.status, served.audit()[0]?.who]).toEqual([200, "ann from 127.0.0.1"]);
  });
});

describe("the tap", () => {
  const exporter = { kind: "exporter", id: "otlp_http", status: { state: "ok" }, sinceUnixNano: 0n } as const;
  const batchOf = (...bodies: readonly string[]) => {
    const builder = logsBuilder()
      .resource({ attributes: { "service.name": "shop" } })
      .scope({ name: "test" });
    for (const body of bodies) builder.record({ body, attributes: { "db.password": "swordfish" } });
    return builder.build();
  };

  it("shows records of the edges that are asked for, verified once more, and ends at the limit", async () => {
    await using served = await operated();
    const answer = served.ask("GET", "/api/v1/tap?component=exporter/otlp*&limit=2");
    await expect.poll(() => served.control.listeners.size).toBe(1);
    for (const listener of served.control.listeners) {
      listener({ ...exporter, id: "debug" }, batchOf("not asked for"));
      listener(exporter, batchOf("mail to ann@example.com"));
      listener(exporter, batchOf("second", "one too many"));
    }
    const { status, text } = await answer;
    expect(status).toBe(200);
    const lines = text.trim().split("\n");
    expect(lines).toHaveLength(3);
    expect(lines[0]).toContain("mail to [REDACTED:email]");
    expect(lines[0]).toContain('"shop"');
    expect(JSON.parse(lines[1] ?? "")).toMatchObject({ component: "exporter/otlp_http", signal: "logs" });
    expect(JSON.parse(lines[2] ?? "")).toEqual({ end: { shown: 2, skipped: 1 } });
    for (const secret of ["ann@example.com", "swordfish", "one too many", "not asked for"]) {
      expect(text).not.toContain(secret);
    }
    expect(served.control.listeners.size).toBe(0);
  });

  it("shows no more than its rate, to no more than so many", async () => {
    await using served = await operated({ tap: { records_per_second: 2, max_sessions: 1, max_duration: "3s" } });
    const answer = served.ask("GET", "/api/v1/tap");
    await expect.poll(() => served.control.listeners.size).toBe(1);
    expect(await served.ask("GET", "/api/v1/tap")).toMatchObject({ status: 429, headers: { "retry-after": "10" } });
    const [listener] = served.control.listeners;
    listener?.(exporter, batchOf("1", "2", "3"));
    listener?.(exporter, batchOf("4"));
    await served.host.clock.advance(1000);
    listener?.(exporter, batchOf("5"));
    await served.host.clock.advance(2000);
    const lines = (await answer).text.trim().split("\n");
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ end: { shown: 3, skipped: 2 } });
    expect(lines).toHaveLength(3);
  });

  it("ends when the client leaves or the endpoint closes, and can be forbidden", async () => {
    const served = await operated();
    const socket = connect(served.port, "127.0.0.1");
    socket.write("GET /api/v1/tap HTTP/1.1\r\nhost: localhost\r\n\r\n");
    await expect.poll(() => served.control.listeners.size).toBe(1);
    socket.destroy();
    await expect.poll(() => served.control.listeners.size).toBe(0);
    const answer = served.ask("GET", "/api/v1/tap");
    await expect.poll(() => served.control.listeners.size).toBe(1);
    await served.extension.stop({ signal: never });
    expect((await answer).text).toBe('{"end":{"shown":0,"skipped":0}}\n');
    await using silent = await operated({ tap: { enabled: false } });
    expect((await silent.ask("GET", "/api/v1/tap")).status).toBe(403);
  });
});

describe("the end", () => {
  it("answers whole or not at all, whenever a probe comes", async () => {
    const served = await operated();
    const outcomes = { answered: 0, refused: 0, halved: 0 };
    const whole = /^HTTP\/1\.1 (?:200|503) .*\r\n\r\n\{"status":"[a-z]+".*\}$/s;
    const probe = async () => {
      const socket = connect(served.port, "127.0.0.1");
      socket.on("error", () => {});
      let text = "";
      socket.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      socket.write("GET /-/ready HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
      await once(socket, "close").catch(() => {});
      if (text === "") outcomes.refused += 1;
      else if (whole.test(text)) outcomes.answered += 1;
      else outcomes.halved += 1;
    };
    // Twenty at a time; the endpoint closes in the middle of them.
    let left = 1500;
    const client = async () => {
      while (left-- > 0) await probe();
    };
    const clients = Array.from({ length: 20 }, client);
    await expect.poll(() => outcomes.answered, { interval: 1, timeout: 30_000 }).toBeGreaterThan(200);
    await served.extension.stop({ signal: never });
    await Promise.all(clients);
    expect(outcomes.halved).toBe(0);
    expect(outcomes.answered + outcomes.refused).toBe(1500);
    expect(outcomes.refused).toBeGreaterThan(0);
  });
});
