import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { compositeCodes, signCodes } from "./advice/finding.ts";
import { waitCategories, waitClassOf } from "./category.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The rows of the tables below a heading, cell by cell. */
function rowsBelow(heading: string): readonly (readonly string[])[] {
  const section = readme.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\| `(.+)\|$/gm)].map(([, row = ""]) =>
    row
      .replaceAll("`", "")
      .split("|")
      .map((cell) => cell.trim()),
  );
}

it.each([...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code))(
  "has an example that prints what it says",
  async (code) => {
    const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    expect(stdout.trimEnd().split("\n")).toEqual([...code.matchAll(/\/\/ => (.*)$/gm)].map(([, line]) => line));
  },
);

it("names every category with its class, and no other", () => {
  expect(rowsBelow("Categories").map(([category, waitClass]) => [category, waitClass])).toEqual(
    waitCategories.map((category) => [category, waitClassOf(category)]),
  );
});

it("names every finding, and no other", () => {
  expect(rowsBelow("Findings").map(([code]) => code)).toEqual([...signCodes, ...compositeCodes]);
});
