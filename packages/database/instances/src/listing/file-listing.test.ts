import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret, secret } from "@dbintel/config";
import type { DbintelError } from "@dbintel/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { fileListing } from "./file-listing.ts";

const schema = z.strictObject({
  endpoint: z.string().regex(/^[^:]+:\d+$/, 'expected "host:port"'),
  password: secret().optional(),
});
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "dbintel-listing-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function list(content: string | Buffer) {
  const path = join(folder, "instances.yaml");
  await writeFile(path, content);
  return await fileListing({ path, intervalMs: 1, schema }).list();
}

describe("a file with a list of servers", () => {
  it("is YAML or JSON", async () => {
    const yaml = await list("- endpoint: db1:5432\n- endpoint: db2:5432\n  password: s3cr3t\n");
    expect(yaml.map(({ entry }) => entry.endpoint)).toEqual(["db1:5432", "db2:5432"]);
    expect(yaml[1]?.entry.password?.reveal()).toBe("s3cr3t");
    expect(yaml[1]?.entry.password).toBeInstanceOf(Secret);
    const json = await list(JSON.stringify([{ endpoint: "db2:5432", password: "s3cr3t" }]));
    expect(json[0]?.signature).toBe(yaml[1]?.signature);
  });

  it("tells entries apart by all they say, passwords included", async () => {
    const [first] = await list("- {endpoint: db1:5432, password: one}");
    const [second] = await list("- {endpoint: db1:5432, password: two}");
    expect(first?.signature).not.toBe(second?.signature);
    expect(first?.signature).not.toContain("one");
  });

  it.each([
    ["", "it is no list"],
    ["endpoint: db1:5432", "it is no list"],
    ["- endpoint: db1:5432\n  password: 's3cr3t\n", "line 3, column 1"],
    ["- {endpoint: db1:5432, password: s3cr3t", "line 1, column"],
    ["- endpoint: s3cr3t", 'entry 1, endpoint: expected "host:port"'],
    ["- {endpoint: db1:5432, password: [s3cr3t]}", "entry 1, password: Invalid input: expected string"],
    ["- {endpoint: db1:5432}\n- {endpoint: db2:5432, pass: s3cr3t}", 'entry 2: Unrecognized key: "pass"'],
    ["- {endpoint: db1:5432}\n- {endpoint: db1:5432}", "entry 2: db1:5432 is listed twice"],
    ["- s3cr3t", "entry 1: Invalid input: expected object"],
    ["- *s3cr3t", "alias"],
    [`- &a [x, x]\n- &b [*a, *a]\n- &c [*b, *b]${"\n- [*c, *c, *c, *c]".repeat(200)}`, "alias"],
  ])("is not used when it is %j, and nothing of it is quoted", async (content, reason) => {
    const error = (await list(content).then(undefined, (problem: unknown) => problem)) as DbintelError;
    expect(error).toMatchObject({ code: "DBI_CONFIG_INVALID", message: expect.stringContaining(reason) });
    expect(`${error.message} ${error.hint} ${JSON.stringify(error.cause)}`).not.toContain("s3cr3t");
  });

  it("is read to a bound, and says when it cannot be read", async () => {
    await expect(list(Buffer.alloc(1024 * 1024 + 1, "#"))).rejects.toMatchObject({
      code: "DBI_FILE",
      message: expect.stringContaining("is longer than 1048576 bytes"),
    });
    await expect(fileListing({ path: join(folder, "none"), intervalMs: 1, schema }).list()).rejects.toMatchObject({
      code: "DBI_FILE",
      retryable: true,
    });
  });
});
