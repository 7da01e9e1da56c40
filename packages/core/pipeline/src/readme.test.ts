import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);

async function run(code: string | undefined): Promise<string> {
  const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", code ?? ""];
  return (await promisify(execFile)(process.execPath, args, { cwd: folder })).stdout;
}

describe("README.md", () => {
  it("embeds a pipeline that hands on what it is given and accounts for it", async () => {
    expect(await run(examples[0])).toBe("1 records\nreceiver input 1\nprocessor batch 1\nexporter output 1\n");
  });

  it("takes what an application's OpenTelemetry SDK exports, and drains when that is shut down", async () => {
    expect(await run(examples[1])).toBe("mail to [REDACTED:email] failed\n");
  });

  it("keeps over a restart what its backend has not taken", async () => {
    const [one, other] = ["in its first life it holds 1", "in its second life it holds 1"];
    expect(await run(examples[2])).toBe(`${one}\n${other}\n`);
  });

  it("shows a consumer that runs", async () => {
    const use = `
      import { logsBuilder } from "@dbintel/pdata";
      const batch = logsBuilder().resource({ attributes: {} }).scope({ name: "t" }).record({ body: "a" }).build();
      const next = { consume: async (logs) => { for (const record of logs.records()) console.log(record.severityText); } };
      await new Upper(next).consume(batch, { signal: new AbortController().signal });`;
    expect(await run(examples[3] + use)).toBe("INFO\n");
  });

  it("shows a processor that keeps every n-th item", async () => {
    const use = `
      import { logsBuilder } from "@dbintel/pdata";
      import { createPipeline } from "@dbintel/pipeline";
      const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "t" });
      for (let index = 0; index < 10; index++) builder.record({ body: index });
      const exporter = { logs: { consume: async (logs) => console.log(logs.count) } };
      await using pipeline = createPipeline({ processors: [sampleEvery({ n: 5 })], exporter });
      await pipeline.logs.consume(builder.build());`;
    expect(await run(examples[4] + use)).toBe("2\n");
  });
});
