import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { repository } from "../checks/program.ts";

/** A source file of a package. */
export interface SourceFile {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
  /** Tests and what only tests use. */
  readonly isTest: boolean;
}

/** A package below `packages/`. */
export interface Package {
  readonly name: string;
  /** From the root of the repository, for example `packages/core/pdata`. */
  readonly folder: string;
  /** Peers among them. */
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** The folders that its tsconfig.json references. */
  readonly references: readonly string[];
  readonly files: readonly SourceFile[];
}

export function readPackages(): readonly Package[] {
  const manifests = globSync("packages/**/package.json", { cwd: repository, exclude: ["**/node_modules/**"] });
  return manifests.sort().map((manifest) => {
    const folder = dirname(manifest);
    const { name, dependencies, peerDependencies, devDependencies = {} } = readJson<Manifest>(manifest);
    const { references = [] } = readJson<{ references?: { path: string }[] }>(join(folder, "tsconfig.json"));
    return {
      name,
      folder,
      dependencies: Object.keys({ ...dependencies, ...peerDependencies }),
      devDependencies: Object.keys(devDependencies),
      references: references.map(({ path }) => join(folder, path)),
      files: globSync("{src,test}/**/*.ts", { cwd: join(repository, folder) }).map((file) =>
        readSource(join(folder, file)),
      ),
    };
  });
}

/** The module specifiers that a file imports, statically or not; examples in comments are left out. */
export function importsOf({ text }: SourceFile): readonly string[] {
  const code = text.replaceAll(/^\s*(\*|\/\/).*$/gm, "");
  return [...code.matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].flatMap(([, specifier]) => specifier ?? []);
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

function readJson<T>(path: string): T {
  return JSON.parse(readFileSync(join(repository, path), "utf8")) as T;
}

function readSource(path: string): SourceFile {
  const isTest = /\.test\.ts$|\/test\/|\/testing\//.test(path);
  return { path, text: readFileSync(join(repository, path), "utf8"), isTest };
}
