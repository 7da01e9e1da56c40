import { readdir, rename, unlink } from "node:fs/promises";
import { join } from "node:path";
import { DbintelError, isDbintelError } from "@dbintel/errors";
import { openJournal } from "@dbintel/journal";
import {
  type Component,
  type Host,
  type JournalOwner,
  type JournalProvider,
  makeDirectory,
  type OpenedJournal,
  type Storage,
  type StorageOwner,
  type StorageProvider,
} from "@dbintel/pipeline";
import type { FileStorageConfig } from "./config.ts";
import { DirectoryLock, ownerOf } from "./directory-lock.ts";
import { keyBytes } from "./encryption-key.ts";
import { DamagedSnapshot, isMissing, readSnapshot, unfinishedSuffix, writeSnapshot } from "./snapshot-file.ts";
import { stateDirectory } from "./state-directory.ts";

/** Where a damaged snapshot is put aside; the next damaged one of the same name replaces it. */
const damagedSuffix = ".damaged";
/** Larger than any state that is meant to be kept as one piece. */
const largestSnapshotBytes = 64 * 1024 * 1024;

/** Keeps each snapshot in a file of its own, and each journal in a folder of its own. */
export class FileStorage implements Component, StorageProvider, JournalProvider {
  readonly #config: FileStorageConfig;
  readonly #host: Host;
  readonly #directory: string;
  #lock: DirectoryLock | undefined;
  #open = false;
  /** On a read-only file system state is found, and not kept. */
  #readOnly = false;
  /** Folders of journals that are in use. */
  readonly #journals = new Set<string>();

  constructor(config: FileStorageConfig, host: Host) {
    this.#config = config;
    this.#directory = config.directory ?? stateDirectory();
    this.#host = host;
  }

  /** Takes the directory. Rejects with `DBI_STORAGE` when it cannot be used or another collector uses it. */
  async start({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#open) return;
    const { create_directory: create, directory_permissions: permissions } = this.#config;
    const directory = this.#directory;
    let owner: string | undefined;
    try {
      if (create) await makeDirectory(directory, Number.parseInt(permissions, 8));
      const { clock } = this.#host;
      this.#lock = await DirectoryLock.take(directory, { clock, timeoutMs: this.#config.timeout, signal });
      if (this.#lock === undefined) owner = await ownerOf(directory);
      else await removeUnfinished(directory);
    } catch (error) {
      await this.#giveUpLock();
      if (isReadOnly(error)) {
        this.#degrade();
        return;
      }
      throw failure(`cannot use the directory ${directory}`, error, "Make it writable for the collector's user.");
    }
    if (owner !== undefined) {
      throw new DbintelError(`the directory ${directory} is in use by ${owner}`, {
        code: "DBI_STORAGE",
        hint: "Give each collector a directory of its own.",
      });
    }
    this.#open = true;
  }

  /** The collector watches databases all the same; what it remembers ends with the process. */
  #degrade(): void {
    const message = `the file system of ${this.#directory} is read-only: nothing is kept over a restart`;
    const hint = "Name a directory that can be written, or mount one there.";
    this.#readOnly = true;
    this.#open = true;
    this.#host.logger.warn({ directory: this.#directory, hint }, message);
    this.#host.reportStatus({ state: "permanent_error", message, hint });
  }

  async stop(): Promise<void> {
    if (!this.#open) return;
    this.#open = false;
    this.#readOnly = false;
    await this.#giveUpLock();
  }

  async #giveUpLock(): Promise<void> {
    await this.#lock?.release();
    this.#lock = undefined;
  }

  storage(owner: StorageOwner): Storage {
    const parts = [owner.kind, owner.id, ...(owner.pipeline === undefined ? [] : [owner.pipeline])];
    const path = (name: string) => join(this.#directory, [...parts, name].map(encoded).join("__"));
    const isDurable = () => !this.#readOnly;
    return {
      get durable() {
        return isDurable();
      },
      load: (name) => this.#load(path(name)),
      save: (name, snapshot) => this.#save(path(name), snapshot),
    };
  }

  async openJournal({ kind, id, name }: JournalOwner): Promise<OpenedJournal> {
    this.#requireOpen();
    if (this.#readOnly) {
      throw new DbintelError(`the file system of ${this.#directory} is read-only: there can be no queue on it`, {
        code: "DBI_STORAGE",
        hint: "Name a directory that can be written, or take sending_queue.storage out of the exporter.",
      });
    }
    const folder = join(this.#directory, [kind, id, name].map(encoded).join("__"));
    if (this.#journals.has(folder)) {
      throw new DbintelError(`the queue in ${folder} is in use`, {
        code: "DBI_STORAGE",
        hint: "two components cannot share a queue: give them different ids",
      });
    }
    this.#journals.add(folder);
    const free = () => void this.#journals.delete(folder);
    const { clock, random, logger } = this.#host;
    const keys = (this.#config.encryption?.keys ?? []).map(keyBytes);
    try {
      return await openJournal({ folder, clock, random, logger, keys, onClosed: free });
    } catch (error) {
      free();
      throw isDbintelError(error) ? error : failure(`cannot read ${folder}`, error);
    }
  }

  async #load(path: string): Promise<Uint8Array | undefined> {
    this.#requireOpen();
    try {
      return await readSnapshot(path);
    } catch (error) {
      if (!(error instanceof DamagedSnapshot)) throw failure(`cannot read ${path}`, error);
      await rename(path, path + damagedSuffix).catch(() => {});
      const fields = { file: path + damagedSuffix };
      this.#host.logger.error(fields, `a saved state ${error.message}; it is put aside and its component begins anew`);
      return undefined;
    }
  }

  async #save(path: string, snapshot: Uint8Array): Promise<void> {
    this.#requireOpen();
    if (this.#readOnly) return;
    if (snapshot.length > largestSnapshotBytes) {
      throw new DbintelError(`a state of ${snapshot.length} bytes is larger than ${largestSnapshotBytes}`, {
        code: "DBI_STORAGE",
      });
    }
    try {
      await writeSnapshot(path, snapshot);
    } catch (error) {
      throw failure(`cannot write ${path}`, error, "Look for free space and permissions of the directory.");
    }
  }

  #requireOpen(): void {
    if (!this.#open) throw new DbintelError("the file storage is not started", { code: "DBI_STORAGE" });
  }
}

/** EPERM is what file systems of the kernel, and directories that are immutable, say. */
function isReadOnly(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EROFS" || error.code === "EPERM");
}

/** What a crash left half written. */
async function removeUnfinished(directory: string): Promise<void> {
  for (const name of await readdir(directory)) {
    if (!name.endsWith(unfinishedSuffix)) continue;
    await unlink(join(directory, name)).catch((error: unknown) => {
      if (!isMissing(error)) throw error;
    });
  }
}

/** A part of a file's name: what is neither letter, digit, "-", "." nor a single "_" as `~` and its UTF-16 code. */
function encoded(part: string): string {
  return part.replace(/[^A-Za-z0-9_.-]|__+|^\.|_$/g, (match) =>
    Array.from(match, (char) => `~${char.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  );
}

function failure(what: string, cause: unknown, hint?: string): DbintelError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const more = hint === undefined ? {} : { hint };
  return new DbintelError(`${what}: ${reason}`, { code: "DBI_STORAGE", cause, ...more });
}
