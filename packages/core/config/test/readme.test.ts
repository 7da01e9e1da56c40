import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(`${folder}README.md`, "utf8");

it("prints what the README says", () => {
  const [, code = "", output = ""] = /```ts\n(.*?)```\n\nprints\n\n```text\n(.*?)```/s.exec(readme) ?? [];
  expect(code).not.toBe("");
  const options = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", code];
  const printed = execFileSync(process.execPath, options, { cwd: folder, encoding: "utf8" });
  expect(printed.trim()).toBe(output.trim());
});
