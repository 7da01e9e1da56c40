import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@dbintel/e2e/condition";
import { logsBuilder } from "@dbintel/pdata";
import { createTestHost, Sink } from "@dbintel/pipeline/testing";
import { afterEach, beforeEach, expect, it } from "vitest";
import { verificationConfig } from "./config.ts";
import { Verification } from "./verification.ts";

const { signal } = new AbortController();
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbintel-hash-key-"));
  path = join(folder, "key");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function create() {
  const host = createTestHost();
  const next = new Sink<"logs">();
  const config = verificationConfig.parse({ mode: "hash", hash: { key_file: path } });
  const part = new Verification<"logs">({ id: "verification", config, host, signal: "logs", next });
  const hashed = async () => {
    await part.consume(logsBuilder().record({ body: "jane@example.com" }).build(), { signal });
    return String(Array.from(next.batches.at(-1)?.records() ?? [], ({ body }) => body)[0]);
  };
  return { host, part, hashed };
}

it("is that of the file, and another one when the file is replaced", async () => {
  await writeFile(path, `${"a".repeat(32)}\n`);
  const { host, part, hashed } = create();
  await part.start({ signal });
  const first = await hashed();
  expect(first).toMatch(/^\[HASH:[0-9a-f]{8}:[0-9a-f]{32}:email\]$/);
  await writeFile(path, "b".repeat(32));
  await host.clock.advance(60_000);
  const second = await eventually("the file was read again", async () => {
    const now = await hashed();
    return now === first ? undefined : now;
  });
  expect(second.slice(6, 14)).not.toBe(first.slice(6, 14));
  expect(JSON.stringify(host.lines)).not.toMatch(/a{32}|b{32}/);

  await writeFile(path, "short");
  await host.clock.advance(60_000);
  await eventually("the reading failed", () => (host.lines.some(({ level }) => level === "warn") ? true : undefined));
  expect(await hashed()).toBe(second);
  await part.stop({ signal });
  expect(host.clock.pendingTimers).toBe(0);
});

it("is needed at the start", async () => {
  const { part } = create();
  await expect(part.start({ signal })).rejects.toMatchObject({ code: "DBI_FILE" });
  await writeFile(path, "short");
  await expect(part.start({ signal })).rejects.toThrow("has less than 32 characters");
});

it.each([
  [{}, "needs either key or key_file"],
  [{ key: "k".repeat(32), key_file: "x" }, "needs either key or key_file"],
  [{ key_file: "x", key_id: "mine" }, "derived from it"],
])("refuses %j", (hash, message) => {
  expect(verificationConfig.safeParse({ mode: "hash", hash }).error?.issues[0]?.message).toContain(message);
});
