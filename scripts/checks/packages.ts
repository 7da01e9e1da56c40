import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import type { Outcome } from "./program.ts";
import { repository } from "./program.ts";

/** Lints each package that is published as its users will find it; the build must be there. */
export async function lintPackages(): Promise<Outcome> {
  const problems: string[] = [];
  for (const path of globSync("packages/**/package.json", {
    cwd: repository,
    exclude: ["**/node_modules/**"],
  }).sort()) {
    const pkg = JSON.parse(await readFile(join(repository, path), "utf8")) as Record<string, unknown>;
    if (pkg.private === true) continue;
    const { messages } = await publint({ pkgDir: join(repository, dirname(path)), pack: false, strict: true });
    for (const message of messages) problems.push(`${path}: ${formatMessage(message, pkg)}`);
    problems.push(...(await missingFiles(dirname(path))).map((problem) => `${dirname(path)}: ${problem}`));
  }
  return { code: problems.length === 0 ? 0 : 1, output: problems.join("\n") };
}

/** What npm takes from a package's own folder only, and nobody misses in the workspace. */
async function missingFiles(folder: string): Promise<readonly string[]> {
  const read = (...path: string[]) => readFile(join(repository, ...path), "utf8").catch(() => undefined);
  const problems: string[] = [];
  if ((await read(folder, "README.md")) === undefined) problems.push("has no README.md");
  if ((await read(folder, "LICENSE")) !== (await read("LICENSE"))) {
    problems.push("its LICENSE is not the repository's: copy it");
  }
  return problems;
}
