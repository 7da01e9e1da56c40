import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@dbintel/e2e/free-port";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startCollector } from "../src/index.ts";

const body = JSON.stringify({
  resourceLogs: [{ scopeLogs: [{ logRecords: [{ body: { stringValue: "from the application" } }] }] }],
});

describe("a collector in an application", () => {
  let folder: string;
  let port: number;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-embedded-"));
    port = await freePort();
    file = join(folder, "collector.yaml");
    await writeFile(file, yaml(join(folder, "first.jsonl")));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const yaml = (path: string) => `
receivers:
  otlp: { protocols: { http: { endpoint: "localhost:${port}" } } }
exporters:
  file: { path: "${path}" }
service:
  telemetry: { metrics: { level: none } }
  pipelines:
    logs: { receivers: [otlp], exporters: [file] }
`;
  const post = () =>
    fetch(`http://localhost:${port}/v1/logs`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json" },
    });
  const listeners = () => process.eventNames().map((name) => `${String(name)} ${process.listenerCount(name)}`);

  it("runs its file, goes over to another content, and gives away what it holds", async () => {
    const before = listeners();
    const lines: string[] = [];
    const collector = await startCollector({ config: file, output: { write: (text) => lines.push(text) } });
    expect(collector.accounting().map(({ kind, id, status }) => `${kind} ${id} ${status.state}`)).toEqual([
      "receiver otlp ok",
      "exporter file ok",
    ]);
    expect((await post()).status).toBe(200);
    await writeFile(file, yaml(join(folder, "second.jsonl")));
    expect(await collector.reload()).toMatchObject({ outcome: "applied", trigger: "application" });
    expect((await post()).status).toBe(200);
    await writeFile(file, yaml(folder).replace("path:", "pth:"));
    expect(await collector.reload()).toMatchObject({
      outcome: "rejected",
      problems: expect.arrayContaining([expect.stringContaining('unknown key "pth"')]),
    });
    expect(await collector.stop()).toEqual([]);
    expect(await collector.stop()).toEqual([]);
    for (const name of ["first", "second"]) {
      expect(await readFile(join(folder, `${name}.jsonl`), "utf8")).toContain("from the application");
    }
    expect(lines.filter((line) => line.includes("everything is ready"))).toHaveLength(1);
    expect(lines.filter((line) => line.includes("unbalanced"))).toEqual([lines.at(-1)]);
    expect(listeners()).toEqual(before);
  });

  it("takes its text, variables and settings over it", async () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the reference is part of what is tested
    const reference = "${env:FOLDER}/third.jsonl";
    await using collector = await startCollector({
      config: [`yaml:${yaml(reference)}`, "env:MORE"],
      set: ["service.telemetry.logs.level=error"],
      env: {
        FOLDER: folder,
        MORE: "processors: { batch: }\nservice: { pipelines: { logs: { processors: [batch] } } }",
      },
      output: { write: (text) => expect.unreachable(text) },
    });
    expect(collector.accounting().map(({ id }) => id)).toContain("batch");
    expect((await post()).status).toBe(200);
    await collector.stop();
    expect(await readFile(join(folder, "third.jsonl"), "utf8")).toContain("from the application");
  });

  it("rejects with every finding, and tells warnings to the application", async () => {
    const text = yaml("relative.jsonl").replace("  file: {", "  debug:\n  file: {");
    await expect(startCollector({ config: `yaml:${text.replaceAll("otlp", "oltp")}` })).rejects.toMatchObject({
      name: "ConfigError",
      code: "DBI_CONFIG_INVALID",
      diagnostics: expect.arrayContaining([
        expect.objectContaining({ severity: "error", suggestion: "otlp" }),
        expect.objectContaining({ severity: "warning", message: expect.stringContaining('"debug" is configured') }),
      ]),
    });
    const told: string[] = [];
    const config = `yaml:${text.replace("relative", join(folder, "fourth"))}`;
    await using _collector = await startCollector({ config, output: { write: (line) => told.push(line) } });
    expect(told[0]).toMatch(/^--config yaml:\d+:\d+ exporters.debug: warning: the exporter "debug" is configured/);
  });

  it("rejects when something cannot start, and leaves nothing behind", async () => {
    await using first = await startCollector({ config: file, output: { write: () => {} } });
    await expect(startCollector({ config: file, output: { write: () => {} } })).rejects.toMatchObject({
      code: "DBI_COMPONENT_START",
      message: expect.stringMatching(/^cannot start receiver "otlp"/),
    });
    await first.stop();
    await using again = await startCollector({ config: file, output: { write: () => {} } });
    expect(again.accounting().every(({ status }) => status.state === "ok")).toBe(true);
  });
});
