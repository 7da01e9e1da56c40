import { globSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Outcome } from "./program.ts";
import { repository, tool } from "./program.ts";

const folder = ".cache/readme-examples";

/** Type-checks every `ts` block of every README as a module of its own, with the lines that it has in the README. */
export async function checkReadmeExamples(): Promise<Outcome> {
  await rm(join(repository, folder), { recursive: true, force: true });
  await mkdir(join(repository, folder), { recursive: true });
  const config = { extends: "../../tsconfig.check.json", include: ["*.ts"], exclude: [] };
  await writeFile(join(repository, folder, "tsconfig.json"), JSON.stringify(config));
  const sources = new Map<string, string>();
  for (const readme of globSync(["README.md", "packages/**/README.md"], {
    cwd: repository,
    exclude: ["**/node_modules/**"],
  })) {
    for (const { line, code } of examples(await readFile(join(repository, readme), "utf8"))) {
      const name = `${readme.replaceAll(/[/.]/g, "-")}-${line}.ts`;
      sources.set(name, readme);
      await writeFile(join(repository, folder, name), "\n".repeat(line) + code);
    }
  }
  const { code, output } = await tool("typescript/bin/tsc", ["-p", folder]);
  return {
    code,
    output: output.replaceAll(/\.cache\/readme-examples\/([^(]+)/g, (all, name) => sources.get(name) ?? all),
  };
}

/** The `ts` blocks of a Markdown text; `line` is the number of lines before the code. */
function* examples(markdown: string): Iterable<{ readonly line: number; readonly code: string }> {
  const lines = markdown.split("\n");
  let start: number | undefined;
  for (const [index, line] of lines.entries()) {
    if (start === undefined && line === "```ts") start = index + 1;
    else if (start !== undefined && line === "```") {
      yield { line: start, code: lines.slice(start, index).join("\n") };
      start = undefined;
    }
  }
}
