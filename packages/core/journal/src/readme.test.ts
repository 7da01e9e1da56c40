import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const examples = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code = ""]) => code);

it.each(examples)("the example of the README does what it says", async (code) => {
  // `expression; // => value` becomes an assertion.
  const program = code.replaceAll(/^(.+?); \/\/ => (.+)$/gm, "assert.deepStrictEqual($1, $2);");
  expect(program).toContain("assert.deepStrictEqual");
  const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval"];
  const source = `import assert from "node:assert";\n${program}`;
  await expect(promisify(execFile)(process.execPath, [...args, source], { cwd: folder })).resolves.toBeDefined();
});
