import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestHost } from "@dbintel/pipeline/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BearerTokenAuth } from "../src/bearer-token-auth.ts";
import { bearerTokenAuth } from "../src/index.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbintel-tokens-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** An extension that has started, and what it thinks of a header `Authorization`. */
async function started(settings: Parameters<typeof bearerTokenAuth>[0]) {
  const host = createTestHost();
  const extension = new BearerTokenAuth({ config: bearerTokenAuth(settings).config, host });
  await extension.start();
  const admits = (value: string | undefined, name = "authorization") =>
    extension.admits((asked) => (asked === name ? value : undefined));
  return { host, extension, admits };
}

describe("tokens of the configuration", () => {
  it("lets in who presents one, and nobody else", async () => {
    const { admits } = await started({ tokens: ["old-token", "new-token"] });
    expect(await admits("Bearer old-token")).toBe(true);
    expect(await admits("Bearer new-token")).toBe(true);
    for (const wrong of [undefined, "", "old-token", "Bearer", "Bearer ", "Bearer old-token2", "bearer old-token"]) {
      expect(await admits(wrong)).toBe(false);
    }
  });

  it("may come in another header, without a scheme", async () => {
    const { admits, extension } = await started({ header: "X-Key", scheme: "", token: "abc" });
    expect(await admits("abc", "x-key")).toBe(true);
    expect(extension.credentials()).toEqual({ "x-key": "abc" });
  });

  it("gives exporters the first", async () => {
    const { extension } = await started({ tokens: ["new-token", "old-token"] });
    expect(extension.credentials()).toEqual({ authorization: "Bearer new-token" });
  });

  it.each([
    [{}, "name token, tokens or filename"],
    [{ token: "a", filename: "b" }, "token and filename exclude each other"],
    [{ token: "" }, "a token cannot be empty"],
    [{ token: "two words" }, "without spaces"],
    [{ tokens: [] }, "tokens"],
  ])("refuses %j without quoting a token", (settings, message) => {
    expect(() => bearerTokenAuth(settings)).toThrow(message);
  });
});

describe("tokens of a file", () => {
  it("are read again when the file is replaced; a file without any leaves them as they were", async () => {
    const filename = join(folder, "tokens");
    await writeFile(filename, "first\n");
    const { admits, host, extension } = await started({ filename, reload_interval: "1s" });
    expect(await admits("Bearer first")).toBe(true);

    await writeFile(filename, "second\nthird\n");
    await host.clock.advance(1000);
    await extension.stop();
    expect(await Promise.all(["first", "second", "third"].map((token) => admits(`Bearer ${token}`)))).toEqual([
      false,
      true,
      true,
    ]);

    await extension.start();
    await writeFile(filename, "\n");
    await host.clock.advance(1000);
    await extension.stop();
    expect(await admits("Bearer second")).toBe(true);
    expect(host.lines.at(-1)).toMatchObject({ level: "warn", fields: { setting: "filename", path: filename } });
    expect(JSON.stringify(host.lines)).not.toMatch(/first|second|third/);
  });

  it("that is not there, or holds none, stops the start", async () => {
    const missing = join(folder, "missing");
    await expect(started({ filename: missing })).rejects.toMatchObject({ code: "DBI_FILE" });
    const empty = join(folder, "empty");
    await writeFile(empty, "");
    await expect(started({ filename: empty })).rejects.toThrow("holds no token");
  });
});
