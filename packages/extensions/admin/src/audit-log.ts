import { type FileHandle, open } from "node:fs/promises";
import { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";

/** A change that somebody asked for. */
export interface Change {
  readonly action: "reload" | "log-level" | "tap" | "dead-letter";
  readonly who: string;
  readonly detail: Readonly<Record<string, unknown>>;
}

/** Keeps who changed what, when, and what came of it: in the log, and where a file is set there too. */
export class AuditLog {
  readonly #host: Host;
  readonly #path: string | undefined;
  #file: FileHandle | undefined;
  /** Lines follow each other in the order of their changes. */
  #writing: Promise<unknown> = Promise.resolve();

  constructor(host: Host, path: string | undefined) {
    this.#host = host;
    this.#path = path;
  }

  /** Rejects with `DBI_FILE`: where changes are to be kept, there are none that are not. */
  async open(): Promise<void> {
    if (this.#path === undefined) return;
    try {
      this.#file = await open(this.#path, "a", 0o600);
    } catch (cause) {
      throw new DbintelError(`audit.file: ${cause instanceof Error ? cause.message : String(cause)}`, {
        code: "DBI_FILE",
        hint: "name a file that the collector's user may append to",
        cause,
      });
    }
  }

  /** Resolves when the line is on disk. Rejects when it cannot be kept; then the change must not be made. */
  async note({ action, who, detail }: Change, outcome: string): Promise<void> {
    const { clock, logger } = this.#host;
    logger.info({ audit: action, who, outcome, ...detail }, "audit");
    const time = new Date(Number(clock.unixNano() / 1_000_000n)).toISOString();
    const line = `${JSON.stringify({ time, action, who, outcome, ...detail })}\n`;
    const written = this.#writing.then(async () => {
      await this.#file?.appendFile(line);
      await this.#file?.datasync();
    });
    this.#writing = written.catch(() => {});
    await written;
  }

  async close(): Promise<void> {
    await this.#writing;
    await this.#file?.close();
    this.#file = undefined;
  }
}
