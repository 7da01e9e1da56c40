import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it.each([...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code))(
  "has an example that prints what it says",
  async (code) => {
    const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    expect(stdout.trimEnd().split("\n")).toEqual([...code.matchAll(/\/\/ => (.*)$/gm)].map(([, line]) => line));
  },
);
