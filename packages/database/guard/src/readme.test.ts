import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { defaultBreakerSettings } from "./settings.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

it("has an example in its README that does what it says", async () => {
  const code = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? "";
  // `expression; // => value` becomes an assertion.
  const program = code.replaceAll(/^(.+?); \/\/ => (.+)$/gm, "assert.deepStrictEqual($1, $2);");
  expect(program).toContain("assert.deepStrictEqual");
  const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval"];
  const source = `import assert from "node:assert";\n${program}`;
  await expect(promisify(execFile)(process.execPath, [...args, source], { cwd: folder })).resolves.toBeDefined();
});

it("names settings in its README that exist", () => {
  for (const name of ["maxConcurrent", "shedOrder", "baseTimeoutMs", "maxTimeoutMs"]) {
    expect(readme).toContain(`\`${name}\``);
    expect(defaultBreakerSettings).toHaveProperty(name);
  }
});
