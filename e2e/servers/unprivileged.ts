import { readFileSync } from "node:fs";

/** Who a child process runs as; spreads into the options of `spawn`. */
export interface UserIds {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The user for a database server, which refuses to run as root: `postgres` where the machine has it, else `nobody`.
 * `undefined` when this process is not root: then the server runs as the same user.
 */
export function unprivilegedUser(): UserIds | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ?? users.find(([name]) => name === "nobody");
  if (user === undefined) throw new Error("/etc/passwd has neither postgres nor nobody: no user to run a server as");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}
