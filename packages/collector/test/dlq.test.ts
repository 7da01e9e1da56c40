import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "@dbintel/e2e/free-port";
import { fileStorage } from "@dbintel/extension-file-storage";
import { logsBuilder } from "@dbintel/pdata";
import { isJournalProvider } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readBuildInfo } from "../src/build.ts";
import { main } from "../src/cli.ts";
import { startFrom } from "../src/collector.ts";
import { readConfiguration, usableReading } from "../src/configuration.ts";
import { command } from "./running.ts";

const { signal } = new AbortController();
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbintel-dlq-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** What a collector leaves: letters of one record each, in the format that is on disk. */
async function leave(...letters: readonly { readonly hash: string; readonly body: string }[]): Promise<void> {
  const { definition, config } = fileStorage({ directory: join(folder, "state") });
  const storage = definition.create({ id: "file_storage", config, host: createTestHost() });
  if (!isJournalProvider(storage)) throw new Error("no storage for journals");
  await storage.start({ signal });
  const { journal } = await storage.openJournal(
    { kind: "exporter", id: "otlp_http", name: "dead_letters" },
    { signal },
  );
  for (const { hash, body } of letters) {
    const content = logsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "test" })
      .record({ body })
      .build()
      .encode();
    const head = {
      ...{ version: 1, hash: hash.padEnd(64, "0"), signal: "logs", items: 1, reason: "rejected", code: "DBI_REJECTED" },
      ...{ httpStatus: 400, message: "steers \u001b[2J a terminal", attempts: 7, trimmed: false, count: 2 },
      ...{ firstUnixMs: 1_700_000_000_000, lastUnixMs: 1_700_000_060_000 },
    };
    const text = Buffer.from(JSON.stringify(head));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(text.length);
    await journal.append(Buffer.concat([length, text, content]), 1);
  }
  await journal.close();
  await storage.stop({ signal });
}

function dlq(args: readonly string[], options?: Parameters<typeof dbintel>[1]) {
  return dbintel(["dlq", ...args], options);
}

async function dbintel(
  args: readonly string[],
  { queue = "{ storage: file_storage }", keeps = true, exporter = "otlp_http" } = {},
) {
  const [out, err]: [string[], string[]] = [[], []];
  const file = join(folder, "collector.yaml");
  await writeFile(
    file,
    `receivers:
  otlp: { protocols: { http: { endpoint: "localhost:0" } } }
exporters:
  ${exporter}:
    ${exporter === "new_relic" ? "license_key" : "endpoint"}: "http://localhost:4318"
    sending_queue: ${queue}
${keeps ? "    dead_letters: { storage: file_storage }" : ""}
extensions:
  file_storage: { directory: ${join(folder, "state")} }
service:
  extensions: [file_storage]
  pipelines:
    logs: { receivers: [otlp], exporters: [${exporter}] }
`,
  );
  const terminal = {
    env: {},
    columns: undefined,
    print: (line: string) => void out.push(line),
    printError: (line: string) => void err.push(line),
  };
  const code = await main([...args, "--config", file], terminal);
  return { code, out: out.join("\n"), err: err.join("\n") };
}

it("lists letters for people and for programs", async () => {
  await leave({ hash: "aa01", body: "the older one" }, { hash: "bb02", body: "second" });
  const { code, out } = await dlq(["ls"]);
  expect(code).toBe(0);
  expect(out.split("\n")).toHaveLength(3);
  expect(out.split("\n")[1]).toMatch(
    /^aa0100000000 +otlp_http +logs +1 +rejected +7 +2 +\d+d +400 steers \ufffd\[2J a terminal$/,
  );
  expect(JSON.parse((await dlq(["ls", "--format", "json"])).out)).toMatchObject([
    { id: "aa0100000000", exporter: "otlp_http", tries: 7, seen: 2, last_seen: "2023-11-14T22:14:20.000Z" },
    { id: "bb0200000000" },
  ]);
});

it("shows one by the beginning of its id", async () => {
  await leave({ hash: "aa01", body: "the older one" }, { hash: "bb02", body: "second" });
  const { code, out } = await dlq(["show", "bb"]);
  expect(code).toBe(0);
  expect(out).toContain("second");
  expect(out).not.toContain("the older one");
});

it("drops what is named and nothing else", async () => {
  await leave({ hash: "aa01", body: "the older one" }, { hash: "ab02", body: "second" });
  expect(await dlq(["drop", "ab"])).toMatchObject({ code: 0, out: "1 letters with 1 items are removed" });
  expect((await dlq(["ls"])).out).toMatch(/\naa01/);
  expect((await dlq(["ls"])).out).not.toMatch(/\nab02/);
});

it("leaves letters where they are when their queue is in memory, and says what to do", async () => {
  await leave({ hash: "aa01", body: "the older one" });
  const { code, err } = await dlq(["replay", "--all"], { queue: "{}" });
  expect(code).toBe(1);
  expect(err).toContain('the queue of exporter "otlp_http" is in memory');
  expect(err).toContain("set sending_queue.storage");
  expect((await dlq(["ls"])).out).toMatch(/\naa01/);
  expect(await dlq(["replay", "--all"])).toMatchObject({ code: 0, err: "" });
  expect((await dlq(["ls"])).out).toBe("no dead letters");
});

it.each([
  [["show", "ff"], 'there is no letter "ff"'],
  [["show", "a"], '2 letters have ids that begin with "a"'],
  [["drop"], "which letters?"],
  [["drop", "aa", "--all"], "either ids or --all"],
  [["ls", "--exporter", "other"], 'no exporter "other" of the configuration keeps dead letters'],
])("dlq %j ends with 1 and a reason", async (args, reason) => {
  await leave({ hash: "aa01", body: "the older one" }, { hash: "ab02", body: "second" });
  const { code, err } = await dlq(args);
  expect(code).toBe(1);
  expect(err).toContain(reason);
  expect((await dlq(["ls"])).out.split("\n")).toHaveLength(3);
});

it("says when no exporter keeps dead letters", async () => {
  const { code, err } = await dlq(["ls"], { keeps: false });
  expect(code).toBe(1);
  expect(err).toContain("no exporter of the configuration keeps dead letters");
});

it.each(
  ["otlp_http", "otlp_grpc", "new_relic"].flatMap((exporter) => [
    [exporter, "{ enabled: false }", "enabled"],
    [exporter, "{ wait_for_result: true }", "wait_for_result"],
  ]),
)("validate says where %s keeps dead letters and has sending_queue: %s", async (exporter, queue, key) => {
  const { code, err } = await dbintel(["validate"], { exporter, queue });
  expect(code).toBe(2);
  expect(err).toMatch(
    new RegExp(`collector.yaml:6:\\d+ exporters.${exporter}.sending_queue.${key}: cannot be used with`),
  );
  expect((await dbintel(["validate"], { exporter, queue, keeps: false })).code).toBe(0);
});

it("asks a collector that runs", async () => {
  await leave(
    { hash: "aa01", body: "the older one" },
    { hash: "ab02", body: "second" },
    { hash: "bb03", body: "third" },
  );
  const port = await freePort();
  const file = join(folder, "running.yaml");
  await writeFile(
    file,
    `receivers:
  otlp: { protocols: { http: { endpoint: "localhost:0" } } }
exporters:
  otlp_http: { endpoint: "http://localhost:1", dead_letters: { storage: file_storage, max_age: 0s } }
extensions:
  file_storage: { directory: ${join(folder, "state")} }
  admin: { endpoint: "localhost:${port}" }
service:
  extensions: [file_storage, admin]
  telemetry: { logs: { level: error }, metrics: { level: none } }
  pipelines:
    logs: { receivers: [otlp], exporters: [otlp_http] }
`,
  );
  const source = { config: [file], set: [] };
  const problems: string[] = [];
  const say = (text: string) => void problems.push(text);
  const reading = await usableReading(source, { env: {}, columns: undefined, print: say, printError: say });
  if (reading === undefined) throw new Error(problems.join("\n"));
  const read = () => readConfiguration(source, { env: {} });
  const collector = await startFrom(reading, { build: readBuildInfo(), read, stopDeadlineMs: 1 });
  const admin = `http://localhost:${port}`;
  try {
    const ask = (...args: readonly string[]) => command(["dlq", ...args, "--admin", admin]);
    expect(JSON.parse((await ask("ls", "--format", "json")).out.join(""))).toMatchObject([
      { id: "aa0100000000", exporter: "otlp_http", http_status: 400, seen: 2 },
      { id: "ab0200000000" },
      { id: "bb0300000000" },
    ]);
    expect((await ask("show", "bb")).out.join("")).toContain("third");
    expect(await ask("drop", "ab")).toMatchObject({ code: 0, out: ["1 letters with 1 items are removed"] });
    expect(await ask("replay", "bb")).toMatchObject({ code: 0, out: ["1 letters with 1 items are back in the queue"] });
    expect((await ask("ls")).out.join("").split("\n")).toHaveLength(2);
    expect((await ask("ls", "--exporter", "other")).err).toContain('no exporter "other" of the collector at');
    expect((await ask("ls", "--config", file)).err).toContain("either --config or --admin");
  } finally {
    await collector.stop();
  }
});
