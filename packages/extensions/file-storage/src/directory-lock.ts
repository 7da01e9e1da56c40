import { randomBytes } from "node:crypto";
import { access, constants, open, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { type Clock, wait } from "@dbintel/pipeline";
import { isMissing, unfinishedSuffix } from "./snapshot-file.ts";

const pollMs = 50;
/** An empty database of SQLite: what is locked. It stays, because a new file of its name would be another lock. */
const lockFile = "lock.db";
/** Says who has the directory, for people and messages. */
const ownerFile = "lock";
/** https://www.sqlite.org/rescode.html#busy */
const busy = 5;

/**
 * A directory that is this process's until it is released or the process ends, however it ends.
 *
 * The lock is one of the kernel on a file, which Node lends only through SQLite (`BEGIN EXCLUSIVE`, nothing is ever
 * written). Process ids would not do: in two containers that share a volume they are the same or mean nothing, and after
 * a crash or a reboot they belong to somebody else.
 */
export class DirectoryLock {
  readonly #directory: string;
  readonly #database: DatabaseSync;

  private constructor(directory: string, database: DatabaseSync) {
    this.#directory = directory;
    this.#database = database;
  }

  /** Resolves to `undefined` when another process has the directory, and has not left it within the time. */
  static async take(
    directory: string,
    options: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<DirectoryLock | undefined> {
    const { clock, timeoutMs, signal } = options;
    const path = join(directory, lockFile);
    await make(path);
    const deadlineMs = clock.monotonicMs() + timeoutMs;
    let database = locked(path);
    while (database === undefined) {
      if (clock.monotonicMs() >= deadlineMs) return undefined;
      await wait(clock, pollMs, signal);
      database = locked(path);
    }
    // On a disk that is full nobody can be told, and what is kept there is needed all the same.
    await writeOwner(directory).catch(() => {});
    return new DirectoryLock(directory, database);
  }

  /** Idempotent. */
  async release(): Promise<void> {
    if (!this.#database.isOpen) return;
    await unlink(join(this.#directory, ownerFile)).catch(() => {});
    this.#database.close();
  }
}

/** Who has the directory: a process and its host, which is the container's name in a container. */
export async function ownerOf(directory: string): Promise<string> {
  const text = await readFile(join(directory, ownerFile), "utf8").catch((error: unknown) => {
    if (isMissing(error)) return "";
    throw error;
  });
  return text.trim() || "another process";
}

/**
 * A file that is there is not opened: closing a handle on it would give up the lock that this process may have. Whether
 * it can be written is asked here, because SQLite does not tell a read-only file system from a file of somebody else.
 */
async function make(path: string): Promise<void> {
  try {
    await (await open(path, "wx", 0o600)).close();
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
    await access(path, constants.W_OK);
  }
}

function locked(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // Nothing is ever rolled back: a journal would be one more file.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    return database;
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === busy) return undefined;
    throw error;
  }
}

async function writeOwner(directory: string): Promise<void> {
  const path = join(directory, ownerFile);
  // A name that nobody can have prepared.
  const beside = `${path}.${randomBytes(6).toString("hex")}${unfinishedSuffix}`;
  await writeFile(beside, `process ${process.pid} on ${hostname()}\n`, { mode: 0o600, flag: "wx" });
  await rename(beside, path);
}
