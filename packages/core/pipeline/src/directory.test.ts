import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeDirectory } from "./directory.ts";

let root = "";

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "dbintel-directory-"));
});
afterAll(() => rm(root, { recursive: true }));

it("makes a directory and those above it, once", async () => {
  const path = join(root, "a/b/c");
  await makeDirectory(path, 0o700);
  await makeDirectory(path, 0o755);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
});

it("is not taken in by a file of that name, or above it", async () => {
  const file = join(root, "file");
  await writeFile(file, "");
  await expect(makeDirectory(file, 0o700)).rejects.toMatchObject({ code: "EEXIST" });
  await expect(makeDirectory(join(file, "below"), 0o700)).rejects.toMatchObject({ code: "ENOTDIR" });
});

it.runIf(process.platform === "linux")("gives up below /proc, where none can be made (Linux)", async () => {
  await expect(makeDirectory("/proc/dbintel/state", 0o700)).rejects.toMatchObject({ code: "ENOENT" });
});
