import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";

/** Debian's folder for the libraries of this machine's architecture below `root`, for example `lib/x86_64-linux-gnu`. */
export function libraryFolder(root: string): string | undefined {
  const lib = join(root, "lib");
  if (!existsSync(lib)) return undefined;
  const name = readdirSync(lib).find((folder) => folder.endsWith("-linux-gnu"));
  return name === undefined ? undefined : join(lib, name);
}

/** The program loader that belongs to the C library in `folder`. */
export function loaderIn(folder: string): string | undefined {
  const name = readdirSync(folder).find((file) => /^ld-linux.*\.so/.test(file));
  return name === undefined ? undefined : join(folder, name);
}

/** How to start a program. */
export interface ProgramStart {
  readonly program: string;
  /** Before those of the program itself. */
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Starts a program below `root` with the libraries that lie there. Where its C library is among them, which may be newer than
 * the machine's, it takes the loader of that too.
 */
export function startIn(root: string, program: string): ProgramStart {
  const libraries = libraryFolder(root);
  // What the machine itself has needs nothing of it.
  if (libraries === undefined || root === "/usr") return { program, args: [] };
  const loader = loaderIn(libraries);
  if (loader === undefined) return { program, args: [], env: { LD_LIBRARY_PATH: libraries } };
  return { program: loader, args: ["--library-path", libraries, "--argv0", basename(program), program] };
}
