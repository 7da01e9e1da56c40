import { execFile } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const execute = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));

/** A package as `npm publish` would send it. */
export interface PackedPackage {
  readonly name: string;
  /** In the repository, for example `packages/core/pdata`. */
  readonly folder: string;
  /** Paths in the tarball, sorted. */
  readonly files: readonly string[];
  readonly tarball: string;
  /** The specifiers that it can be imported by. */
  readonly entries: readonly string[];
  readonly dependencies: readonly string[];
  /** What it can do without, and is not installed with it. */
  readonly peers: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** Packs every package that is published into `destination`. The build must be there. */
export async function packPackages(destination: string): Promise<readonly PackedPackage[]> {
  const folders = new Map<string, { readonly folder: string; readonly manifest: Manifest }>();
  for (const path of globSync("packages/**/package.json", { cwd: repository, exclude: ["**/node_modules/**"] })) {
    const manifest = JSON.parse(await readFile(join(repository, path), "utf8")) as Manifest;
    if (manifest.private !== true) folders.set(manifest.name, { folder: dirname(path), manifest });
  }
  await mkdir(destination, { recursive: true });
  const workspaces = [...folders.keys()].flatMap((name) => ["-w", name]);
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", destination, ...workspaces];
  const { stdout } = await execute("npm", args, { cwd: repository, maxBuffer: 64 * 1024 * 1024 });
  const packed = Object.values(JSON.parse(stdout) as Record<string, NpmPack>);
  return packed.map(({ name, filename, files }) => {
    const known = folders.get(name);
    if (known === undefined) throw new Error(`npm packed ${name}, which is no package of this repository`);
    return {
      name,
      folder: known.folder,
      files: files.map(({ path }) => path).toSorted(),
      tarball: join(destination, filename),
      entries: Object.keys(known.manifest.exports ?? {}).map((entry) => join(name, entry)),
      dependencies: Object.keys(known.manifest.dependencies ?? {}),
      peers: Object.keys(known.manifest.peerDependencies ?? {}),
    };
  });
}

interface NpmPack {
  readonly name: string;
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

/** What a project gets. */
export interface Installation {
  /** The folder of the project, made here. */
  readonly app: string;
  /** Where packages are unpacked: outside of the project, whose packages they would find otherwise. */
  readonly store: string;
  readonly packages: readonly PackedPackage[];
  /** Packages that this repository has from elsewhere and the project has beside ours. */
  readonly beside: readonly string[];
}

/**
 * Installs packed packages into a project, each with a `node_modules` of its own that holds what its package.json
 * declares and nothing else, so that what is not declared is not found. What comes from elsewhere is linked from this
 * repository: no registry is asked.
 */
export async function installPacked({ app, store, packages, beside }: Installation): Promise<void> {
  const home = (name: string) => join(store, name.replace("/", "+"), "node_modules");
  const own = new Set(packages.map(({ name }) => name));
  for (const { name, tarball, folder, dependencies } of packages) {
    const target = join(home(name), name);
    await mkdir(target, { recursive: true });
    await execute("tar", ["-xzf", tarball, "-C", target, "--strip-components=1"]);
    for (const each of dependencies) {
      await link(own.has(each) ? join(home(each), each) : installedFor(folder, each), join(home(name), each));
    }
    await link(target, join(app, "node_modules", name));
  }
  for (const name of beside) await link(installedFor(".", name), join(app, "node_modules", name));
  await writeFile(join(app, "package.json"), JSON.stringify({ name: "app", private: true, type: "module" }));
}

/** Where a package of the repository finds one of its dependencies. */
function installedFor(folder: string, name: string): string {
  for (let at = folder; ; at = dirname(at)) {
    const candidate = join(repository, at, "node_modules", name);
    if (existsSync(candidate)) return candidate;
    if (at === ".") throw new Error(`${name} is not installed for ${folder}`);
  }
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path);
}
