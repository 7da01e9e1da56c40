import { randomBytes } from "node:crypto";
import { link, readFile, rename, unlink, writeFile } from "node:fs/promises";
import { type Clock, wait } from "@dbintel/pipeline";
import { isMissing, unfinishedSuffix } from "./snapshot-file.ts";

const pollMs = 50;

/**
 * Takes a directory for this process by a file that holds its process id. The file of a process that is gone is
 * removed. Resolves to `undefined` when the lock was taken, to the id of its owner when it was not within the time.
 */
export async function lockDirectory(
  path: string,
  options: { readonly clock: Clock; readonly timeoutMs: number; readonly signal: AbortSignal },
): Promise<number | undefined> {
  const { clock, timeoutMs, signal } = options;
  const deadlineMs = clock.monotonicMs() + timeoutMs;
  while (!(await created(path))) {
    const owner = await ownerOf(path);
    if (owner === undefined) continue;
    if (!isAlive(owner)) await removeStale(path, owner);
    else if (clock.monotonicMs() >= deadlineMs) return owner;
    else await wait(clock, pollMs, signal);
  }
  return undefined;
}

/** The id is written before the file has its name: nobody ever reads a lock without an owner. */
async function created(path: string): Promise<boolean> {
  const own = beside(path);
  await writeFile(own, String(process.pid), { mode: 0o600, flag: "wx" });
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (isMissing(error) || (error instanceof Error && "code" in error && error.code === "EEXIST")) return false;
    throw error;
  } finally {
    await removed(own);
  }
}

/** Removes the lock of a process that is gone, unless another one has done so and taken the directory meanwhile. */
async function removeStale(path: string, owner: number): Promise<void> {
  const aside = beside(path);
  try {
    await rename(path, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  if ((await ownerOf(aside)) !== owner) await link(aside, path).catch(() => {});
  await removed(aside);
}

/** Who takes the directory meanwhile clears away what is unfinished in it. */
async function removed(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (!isMissing(error)) throw error;
  });
}

/** A name that nobody can have prepared. */
function beside(path: string): string {
  return `${path}.${randomBytes(6).toString("hex")}${unfinishedSuffix}`;
}

/** `undefined` when the owner has just left. */
async function ownerOf(path: string): Promise<number | undefined> {
  try {
    return Number(await readFile(path, "utf8"));
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** In a container that was restarted the ids begin anew: our own id is that of a predecessor. */
function isAlive(processId: number): boolean {
  if (processId === process.pid || !Number.isSafeInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // It is there, but not ours to signal.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
