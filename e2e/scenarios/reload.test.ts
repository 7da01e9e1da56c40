// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of a broken configuration
import { once } from "node:events";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { DbintelProcess } from "../harness/dbintel-process.ts";
import { type FlakyBackend, startFlakyBackend } from "../harness/flaky-backend.ts";
import { freePort } from "../harness/free-port.ts";
import { readLedgers } from "../harness/ledgers.ts";
import { postLogs } from "../harness/log-client.ts";

/** What a configuration of the scenario says; each part changes with some of the reloads. */
interface Chosen {
  readonly bodySize: number;
  readonly noise: string;
  readonly batchTimeout: number;
  readonly sendTimeout: number;
  readonly traces: boolean;
  /** Where the exporter's queue is on disk. */
  readonly state?: string;
}

describe("a collector whose configuration is reloaded under load", () => {
  let folder: string;
  let backend: FlakyBackend;
  let taken: ReturnType<typeof createServer>;
  let takenPort: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-reload-"));
    backend = await startFlakyBackend();
    taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    takenPort = typeof address === "object" && address !== null ? address.port : 0;
  });
  afterAll(async () => {
    taken.close();
    await backend[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });

  /** A file is replaced as a whole, as configuration management does it. */
  async function write(path: string, text: string): Promise<void> {
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  }

  const yaml = (ports: { readonly otlp: number; readonly metrics: number }, chosen: Chosen) => `
receivers:
  otlp:
    protocols: { http: { endpoint: "127.0.0.1:${ports.otlp}", max_request_body_size: ${chosen.bodySize} } }
processors:
  filter: { logs: { log_record: ['attributes["noise"] == "${chosen.noise}"'] } }
  batch: { timeout: ${chosen.batchTimeout}ms }
exporters:
  nop:
  otlp_http:
    endpoint: "${backend.endpoint}"
    encoding: json
    compression: none
    timeout: ${chosen.sendTimeout}s
    retry_on_failure: { initial_interval: 50ms, max_interval: 200ms }
    ${chosen.state === undefined ? "" : "sending_queue: { storage: file_storage }"}
${chosen.state === undefined ? "" : `extensions: { file_storage: { directory: "${chosen.state}" } }`}
service:
  ${chosen.state === undefined ? "" : "extensions: [file_storage]"}
  telemetry:
    logs: { sampling: { enabled: false } }
    metrics:
      readers: [{ pull: { exporter: { prometheus: { host: 127.0.0.1, port: ${ports.metrics} } } } }]
  pipelines:
    logs: { receivers: [otlp], processors: [filter, batch], exporters: [otlp_http] }
    ${chosen.traces ? "traces: { receivers: [otlp], exporters: [nop] }" : ""}
`;

  /** Errors of each kind: of YAML, of a schema, of a reference, of a component that cannot start. */
  function broken(text: string, index: number): string {
    const ways = [
      () => text.replace("receivers:", "receivers: ["),
      () => text.replace("batch:", "batches:"),
      () => text.replace("encoding: json", 'encoding: "${env:DBINTEL_NOT_SET_ANYWHERE}"'),
      () =>
        text
          .replace(
            "  otlp:\n",
            `  otlp/taken: { protocols: { http: { endpoint: "127.0.0.1:${takenPort}" } } }\n  otlp:\n`,
          )
          .replace("receivers: [otlp]", "receivers: [otlp, otlp/taken]"),
    ];
    return ways[index % ways.length]?.() ?? text;
  }

  it.each([
    ["a hundred", "in memory", 100],
    ["forty", "on disk", 40],
  ])(
    "loses and repeats nothing over %s reloads, half of them of broken files, with a queue %s",
    async (...parameters) => {
      const [, queue, reloads] = parameters;
      const state = queue === "on disk" ? { state: join(folder, "state") } : {};
      const before = backend.taken.size;
      const ports = { otlp: await freePort(), metrics: await freePort() };
      const config = join(folder, "collector.yaml");
      const plain: Chosen = {
        ...state,
        bodySize: 1_000_000,
        noise: "yes",
        batchTimeout: 20,
        sendTimeout: 10,
        traces: false,
      };
      await write(config, yaml(ports, plain));
      await using dbintel = new DbintelProcess(["run", "--config", config]);

      const send = (ids: readonly string[]) =>
        postLogs(
          `http://127.0.0.1:${ports.otlp}/v1/logs`,
          ids.map((id) => ({ id })),
        );
      await eventually("the receiver answers", async () => {
        if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
        return (await send([])) === 200 ? true : undefined;
      });

      let over = false;
      const acknowledged: string[] = [];
      const client = async (name: number) => {
        for (let count = 0; !over; count++) {
          const ids = Array.from({ length: 5 }, (_, record) => `${queue} ${name}-${count}-${record}`);
          // What is not acknowledged stays with the client.
          while ((await send(ids)) !== 200) {
            await new Promise((resolve) => setTimeout(resolve, 5));
          }
          acknowledged.push(...ids);
        }
      };
      const clients = [client(1), client(2), client(3)];

      const outcomes = (what: string) => dbintel.stderr.split(what).length - 1;
      for (let reload = 0; reload < reloads; reload++) {
        const chosen: Chosen = {
          ...state,
          bodySize: reload % 8 < 4 ? 1_000_000 : 2_000_000,
          noise: reload % 6 < 2 ? "yes" : "no",
          batchTimeout: 10 + (reload % 4),
          sendTimeout: 10 + Math.floor(reload / 2),
          traces: reload % 10 === 4,
        };
        const text = yaml(ports, chosen);
        const good = reload % 2 === 0;
        await write(config, good ? text : broken(text, (reload - 1) / 2));
        const told = outcomes("the configuration was ");
        dbintel.kill("SIGHUP");
        await eventually(
          `reload ${reload} has ended`,
          () => {
            if (!dbintel.running) throw new Error(`dbintel ended:\n${dbintel.stderr}`);
            return outcomes("the configuration was ") > told ? true : undefined;
          },
          { everyMs: 5 },
        );
      }
      over = true;
      await Promise.all(clients);
      expect(outcomes("the configuration was reloaded"), dbintel.stderr).toBe(reloads / 2);
      expect(outcomes("the configuration was not reloaded; the one before runs on")).toBe(reloads / 2);
      for (const reason of [
        "a bracket above is not closed",
        "did you mean",
        "DBINTEL_NOT_SET_ANYWHERE",
        "EADDRINUSE",
      ]) {
        expect(dbintel.stderr).toContain(reason);
      }

      await eventually("every record has arrived", () =>
        backend.taken.size - before >= acknowledged.length ? true : undefined,
      );
      const text = await eventually("the exporter has the last answer", async () => {
        const now = await (await fetch(`http://127.0.0.1:${ports.metrics}/metrics`)).text();
        return readLedgers(now).every(({ held }) => held === 0) ? now : undefined;
      });
      const ledgers = readLedgers(text);
      for (const { kind, id, signal, received, sent, refused, dropped, held } of ledgers) {
        expect(received, `${kind} ${id} ${signal}`).toBe(sent + refused + dropped + held);
      }
      const logs = (name: string) => ledgers.find(({ id, signal }) => id === name && signal === "logs");
      expect(logs("otlp_http")).toMatchObject({ sent: acknowledged.length, dropped: 0, held: 0 });
      expect(logs("otlp")).toMatchObject({ sent: acknowledged.length, dropped: 0, held: 0 });
      expect(text).toMatch(new RegExp(`^dbintel_config_reloads\\{outcome="applied"\\} ${reloads / 2}$`, "m"));
      expect(text).toMatch(new RegExp(`^dbintel_config_reloads\\{outcome="rejected"\\} ${reloads / 2}$`, "m"));
      expect(text).toMatch(/^dbintel_config_last_reload_successful 0$/m);

      expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
      expect([...backend.taken.keys()].filter((id) => id.startsWith(queue)).toSorted()).toEqual(
        acknowledged.toSorted(),
      );
      expect([...backend.taken.values()].filter((times) => times !== 1)).toEqual([]);
    },
  );

  it("follows a file that changes, and moves a listener to another port", async () => {
    const [metrics, otlp, next] = [await freePort(), await freePort(), await freePort()];
    const config = join(folder, "watched.yaml");
    const chosen: Chosen = { bodySize: 1000, noise: "no", batchTimeout: 10, sendTimeout: 10, traces: false };
    await write(config, yaml({ otlp, metrics }, chosen));
    await using dbintel = new DbintelProcess(["run", "--config", config, "--watch", "100ms"]);
    const said = (what: string) => eventually(what, () => (dbintel.stderr.includes(what) ? true : undefined));
    const answers = async (port: number) => {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/logs`, { method: "POST" }).catch(() => undefined);
      return answer !== undefined;
    };
    await said("everything is ready");
    expect([await answers(otlp), await answers(next)]).toEqual([true, false]);
    await write(config, "# nothing");
    await said("the configuration was not reloaded; the one before runs on trigger=watch");
    expect(await answers(otlp)).toBe(true);
    await write(config, yaml({ otlp: next, metrics }, chosen));
    await said("the configuration was reloaded trigger=watch");
    expect([await answers(otlp), await answers(next)]).toEqual([false, true]);
    await write(config, `# A comment\n${yaml({ otlp: next, metrics }, chosen)}`);
    dbintel.kill("SIGHUP");
    await said("the configuration was read again and has not changed trigger=signal");
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
  });

  it("delivers to the repaired endpoint what waited for the wrong one", async () => {
    const ports = { otlp: await freePort(), metrics: await freePort() };
    const config = join(folder, "repaired.yaml");
    const right = yaml(ports, { bodySize: 10_000, noise: "no", batchTimeout: 10, sendTimeout: 10, traces: false });
    await write(config, right.replace(backend.endpoint, `http://127.0.0.1:${await freePort()}`));
    await using dbintel = new DbintelProcess(["run", "--config", config]);
    const send = (id: string) => postLogs(`http://127.0.0.1:${ports.otlp}/v1/logs`, [{ id }]);
    await eventually("it takes data", async () => ((await send("waits 1")) === 200 ? true : undefined));
    for (const id of ["waits 2", "waits 3"]) expect(await send(id)).toBe(200);
    await write(config, right);
    dbintel.kill("SIGHUP");
    const waiting = ["waits 1", "waits 2", "waits 3"];
    await eventually("what waited has arrived", () => waiting.every((id) => backend.taken.has(id)) || undefined);
    expect(await dbintel.stop()).toEqual({ code: 0, signal: null });
    expect(waiting.map((id) => backend.taken.get(id))).toEqual([1, 1, 1]);
    expect(dbintel.stderr).not.toContain("data dropped");
  });
});
