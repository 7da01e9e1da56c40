import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

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
