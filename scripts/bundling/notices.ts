import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The folder of a package of others, at the end of the path up to it. */
const packageFolder = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/;
const licenceFiles = "{LICEN[CS]E,licen[cs]e,LICEN[CS]E-*,NOTICE}{,.md,.txt}";

/**
 * Names, versions and licence texts of the packages that these modules come from, as their licences want it of who
 * passes them on. A package without a file for it is told by what its manifest says.
 */
export async function notices(modules: readonly string[]): Promise<string> {
  const folders = new Set(modules.flatMap((id) => packageFolder.exec(id)?.[0] ?? []));
  const texts = await Promise.all([...folders].toSorted().map(notice));
  return ["This program contains the work of others:", ...texts].join(`\n\n${"-".repeat(80)}\n\n`);
}

async function notice(folder: string): Promise<string> {
  const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  const { name, version, license } = manifest as { name: string; version: string; license?: string };
  const files = globSync(licenceFiles, { cwd: folder }).toSorted();
  const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
  return [`${name} ${version} (${license ?? "licence not told"})`, ...texts.map((text) => text.trim())].join("\n\n");
}
