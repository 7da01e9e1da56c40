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
  }
  return { code: problems.length === 0 ? 0 : 1, output: problems.join("\n") };
}
