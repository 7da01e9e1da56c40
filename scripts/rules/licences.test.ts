import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "../checks/program.ts";

/** Licences whose terms an Apache-2.0 distribution can keep. */
const compatible = new Set([
  "Apache-2.0",
  "MIT",
  "ISC",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "0BSD",
  "BlueOak-1.0.0",
  "Python-2.0",
]);

interface Locked {
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly link?: boolean;
  readonly resolved?: string;
}

const { packages } = JSON.parse(readFileSync(join(repository, "package-lock.json"), "utf8")) as {
  packages: Readonly<Record<string, Locked>>;
};

/** Where npm put the package that `from` gets when it asks for `name`: the nearest node_modules upwards. */
function resolve(from: string, name: string): string {
  for (let folder = from; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf("/")))) {
    const path = folder === "" ? `node_modules/${name}` : `${folder}/node_modules/${name}`;
    const locked = packages[path];
    if (locked !== undefined) return locked.link === true ? (locked.resolved ?? path) : path;
    if (folder === "") throw new Error(`package-lock.json does not have ${name}, which ${from} needs`);
  }
}

/** Everything that a user of the collector installs with it, by its place in the lock file. */
function runtimeDependencies(): ReadonlySet<string> {
  const found = new Set<string>();
  const waiting = ["packages/collector"];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    found.add(path);
    for (const name of Object.keys(packages[path]?.dependencies ?? {})) waiting.push(resolve(path, name));
  }
  return found;
}

test("every runtime dependency has a licence that Apache-2.0 is compatible with", () => {
  const installed = runtimeDependencies();
  expect(installed.size).toBeGreaterThan(30);
  const others = [...installed]
    .map((path) => ({ path, licence: packages[path]?.license ?? "none" }))
    .filter(
      ({ licence }) =>
        !licence
          .replaceAll(/[()]/g, "")
          .split(" OR ")
          .some((one) => compatible.has(one)),
    );
  expect(others).toEqual([]);
});
