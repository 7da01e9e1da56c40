import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Batch, decodeLogs, type Logs, logsBuilder } from "@dbintel/pdata";
import type { SettingsOf } from "@dbintel/pipeline";
import { createTestHost, type TestHost } from "@dbintel/pipeline/testing";
import { file } from "../src/index.ts";

export const never = new AbortController().signal;

/** A directory of its own that goes with the test. */
export class Directory implements AsyncDisposable {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<Directory> {
    return new Directory(await mkdtemp(join(tmpdir(), "file-exporter-")));
  }

  of(name: string): string {
    return join(this.path, name);
  }

  async names(): Promise<string[]> {
    return (await readdir(this.path)).toSorted();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.path, { recursive: true });
  }
}

/** Records whose bodies are `prefix`0, `prefix`1, … */
export function logs(count: number, prefix = "r", padding = 0): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (let index = 0; index < count; index++) builder.record({ body: `${prefix}${index}`.padEnd(padding, ".") });
  return builder.build();
}

/** Whether half a record at the end of a file is left out or fails the test. */
export interface ReadOptions {
  readonly torn?: "ignore";
}

/** The bodies in a file of lines; fails on anything else that is not a whole request. */
export async function readLines(path: string, { torn }: ReadOptions = {}): Promise<string[]> {
  const text = await readFile(path, "utf8");
  const end = text.lastIndexOf("\n") + 1;
  expectWhole(torn === "ignore" || end === text.length, path);
  const lines = text.slice(0, end).split("\n").slice(0, -1);
  return lines.flatMap((line) => bodiesOfJson(JSON.parse(line)));
}

interface JsonLogs {
  readonly resourceLogs?: readonly {
    readonly scopeLogs: readonly {
      readonly logRecords: readonly { readonly body: { readonly stringValue: string } }[];
    }[];
  }[];
}

function bodiesOfJson({ resourceLogs = [] }: JsonLogs): string[] {
  return resourceLogs.flatMap(({ scopeLogs }) =>
    scopeLogs.flatMap(({ logRecords }) => logRecords.map(({ body }) => body.stringValue.replace(/\.+$/, ""))),
  );
}

/** The bodies in a file of length-prefixed requests; fails on anything else that is not a whole request. */
export async function readFrames(path: string, { torn }: ReadOptions = {}): Promise<string[]> {
  const bytes = await readFile(path);
  const bodies: string[] = [];
  let at = 0;
  while (at + 4 <= bytes.length && at + 4 + bytes.readUInt32BE(at) <= bytes.length) {
    const end = at + 4 + bytes.readUInt32BE(at);
    for (const { body } of decodeLogs(bytes.subarray(at + 4, end)).records()) bodies.push(String(body));
    at = end;
  }
  expectWhole(torn === "ignore" || at === bytes.length, path);
  return bodies.map((body) => body.replace(/\.+$/, ""));
}

function expectWhole(whole: boolean, path: string): void {
  if (!whole) throw new Error(`${path} ends in the middle of a record`);
}

export interface Exporter extends AsyncDisposable {
  readonly host: TestHost;
  consume(batch: Batch): Promise<void>;
  stop(): Promise<void>;
}

export async function startExporter(config: SettingsOf<typeof file>, host = createTestHost()): Promise<Exporter> {
  const configured = file(config);
  const component = configured.definition.create({ id: "file", config: configured.config, host });
  await component.start({ signal: never });
  const stop = () => component.stop({ signal: never });
  return {
    host,
    consume: async (batch) => {
      if (batch.signal === "logs") await component.consumers.logs?.consume(batch, { signal: never });
      else if (batch.signal === "metrics") await component.consumers.metrics?.consume(batch, { signal: never });
      else await component.consumers.traces?.consume(batch, { signal: never });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
