import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe } from "vitest";

/** Of util-linux. */
const unshare = "unshare";

/** As root by itself, else in a user namespace, where the machine allows that. */
const asUser = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];

function available(): boolean {
  if (process.platform !== "linux") return false;
  const args = [...asUser, "--mount", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"];
  return spawnSync(unshare, args, { stdio: "ignore" }).status === 0;
}

/** A suite that needs namespaces of Linux, as containers have them; skipped by name where the machine allows none. */
export function describeNamespaces(name: string, suite: () => void): void {
  describe.skipIf(!available())(`${name} [Linux namespaces]`, suite);
}

/**
 * What a program is started by to be like in a container: process ids begin with 1 there. What is started is not its
 * own process then: killing it stops the program by SIGTERM.
 */
export const withOwnIds: readonly string[] = [unshare, ...asUser, "--pid", "--fork", "--kill-child=SIGTERM"];

/** A small file system in memory, which only those see that are started by `enter`. */
export class SmallDisk implements AsyncDisposable {
  readonly #holder: ChildProcess;
  readonly #path: string;

  private constructor(holder: ChildProcess, path: string) {
    this.#holder = holder;
    this.#path = path;
  }

  /** At `path`, a folder that is there, with a size such as `6m`. */
  static async mount(path: string, size: string): Promise<SmallDisk> {
    const script = `mount -t tmpfs -o mode=0700,size=${size} tmpfs '${path}' && echo ready && exec sleep 100000`;
    const args = [...asUser, "--mount", "sh", "-c", script];
    const holder = spawn(unshare, args, { stdio: ["ignore", "pipe", "inherit"] });
    await once(holder.stdout, "data");
    return new SmallDisk(holder, path);
  }

  /** What a program is started by to see it. */
  get enter(): readonly string[] {
    const kinds = asUser.length === 0 ? ["--mount"] : ["--user", "--preserve-credentials", "--mount"];
    return ["nsenter", "--target", String(this.#holder.pid), ...kinds];
  }

  /** Where a file on it is for those who do not see it. */
  file(name: string): string {
    return join(`/proc/${this.#holder.pid}/root`, this.#path, name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#holder.kill("SIGKILL");
    if (this.#holder.exitCode === null && this.#holder.signalCode === null) await once(this.#holder, "exit");
  }
}
