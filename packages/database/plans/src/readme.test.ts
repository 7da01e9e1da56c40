import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { planAttributes } from "./attributes.ts";
import { rules } from "./findings/findings.ts";
import { readFailureReasons } from "./read-failure.ts";
import { readPlan } from "./reading.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

/** The names in the first column of the table below a heading. */
function namesBelow(heading: string): readonly string[] {
  const section = readme.split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const cells = [...section.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = ""]) => cell);
  return cells.flatMap((cell) => cell.replaceAll("`", "").split(", "));
}

it.each([...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code))(
  "has an example that prints what it says",
  async (code) => {
    const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", code];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
    const lines = stdout
      .trimEnd()
      .split("\n")
      .map((line) => line.trimEnd());
    expect(lines).toEqual([...code.matchAll(/\/\/ => (.*)$/gm)].map(([, line]) => line));
  },
);

it("names every finding and no other", () => {
  expect(namesBelow("Findings")).toEqual(Object.keys(rules));
});

it("names every reason for failure and no other", () => {
  expect(namesBelow("Failure and limits")).toEqual(readFailureReasons);
});

it("names every attribute and no other", () => {
  const { plan } = readPlan(
    JSON.stringify({
      Plan: {
        "Node Type": "Index Scan",
        "Relation Name": "t",
        "Index Name": "i",
        "Startup Cost": 1,
        "Total Cost": 2,
        "Plan Rows": 3,
        "Plan Width": 4,
        "Actual Rows": 3,
        "Actual Loops": 1,
        "Actual Total Time": 5,
        "Shared Hit Blocks": 6,
      },
      "Planning Time": 1,
      "Execution Time": 2,
    }),
  );
  const names = plan === undefined ? [] : [...planAttributes(plan).keys()];
  const documented = namesBelow("Attributes").map((name) => `db.query.plan.${name}`);
  expect(documented.sort()).toEqual(names.sort());
});
