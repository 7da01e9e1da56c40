import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { rolldown } from "rolldown";
import { repository } from "../checks/program.ts";
import { notices } from "./notices.ts";

/** Where `bin/dbintel` finds the program. */
export const bundleFolder = join(repository, "packages/collector/bundle");

const noticesFile = "NOTICES.txt";

/** Native code stays a package; the others are optional for drivers, and not there. */
const external = ["re2", "pg-native", "cloudflare:sockets", "cardinal"];

/**
 * Makes the program that `bin/dbintel` runs: the source of the collector and all that it uses in a few files, one for
 * each component and what they share. Node reads hundreds of modules otherwise, which costs memory (`npm run bench --
 * postgresql` prints that of a collector with nothing to do) and time at each start (`npm run bench -- startup`).
 *
 * Code is neither shortened nor renamed, so that the stack of a defect can be read. A file is named after its content
 * and never overwritten: a collector that runs can still load a component that it did not need so far.
 *
 * Resolves with the names of the files, whether they were there already or not.
 */
export async function bundleCollector(): Promise<ReadonlySet<string>> {
  const build = await rolldown({
    input: join(repository, "packages/collector/src/bin.ts"),
    platform: "node",
    resolve: { conditionNames: ["@dbintel/source", "node"] },
    external,
    // Such as an import that is not found: it would fail only when a user needs it.
    onLog: (level, { message }) => {
      if (level !== "debug") throw new Error(message);
    },
  });
  const { output } = await build.generate({
    format: "esm",
    comments: { legal: true, annotation: false, jsdoc: false },
  });
  await build.close();
  await mkdir(bundleFolder, { recursive: true });
  const chunks = output.filter((file) => file.type === "chunk");
  // The entry comes last: what it names is there by then.
  for (const { fileName, code, isEntry } of chunks.toSorted((one, other) => +one.isEntry - +other.isEntry)) {
    const path = join(bundleFolder, fileName);
    if (isEntry || !existsSync(path)) await replace(path, code);
  }
  await replace(join(bundleFolder, noticesFile), await notices(chunks.flatMap(({ moduleIds }) => moduleIds)));
  return new Set([...chunks.map(({ fileName }) => fileName), noticesFile]);
}

/** Never half a file, neither for a collector that starts at this moment nor for another build. */
async function replace(path: string, content: string): Promise<void> {
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, content);
  await rename(temporary, path);
}
