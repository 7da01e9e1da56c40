import { open } from "node:fs/promises";
import { DbintelError, isDbintelError } from "@dbintel/errors";
import { every, type Timer } from "./clock.ts";
import type { Host } from "./host.ts";

export interface FollowedFileOptions<Content> {
  readonly host: Pick<Host, "clock" | "logger">;
  readonly path: string;
  /** The setting that names the file, for messages. */
  readonly setting: string;
  /** Time between two readings in milliseconds. */
  readonly intervalMs: number;
  /** Makes the content of the text, or throws what is wrong with it. */
  readonly parse: (text: string) => Content;
}

/** What is larger is no key, no token and no list of users. */
const largestBytes = 1024 * 1024;

/**
 * The content of a small file that may be replaced while the collector runs: a key, a token, a list of users. It is
 * read at the start and then at an interval; a file that cannot be read or used leaves the content as it was.
 */
export class FollowedFile<Content> {
  readonly #options: FollowedFileOptions<Content>;
  #text: string | undefined;
  #content: Content | undefined;
  #timer: Timer | undefined;
  /** The reading that is under way. */
  #reading: Promise<void> = Promise.resolve();

  constructor(options: FollowedFileOptions<Content>) {
    this.#options = options;
  }

  /** `undefined` before the start. */
  get content(): Content | undefined {
    return this.#content;
  }

  /** Rejects when the file cannot be read or used, so that a collector does not start with half of its settings. */
  async start(): Promise<void> {
    if (this.#timer !== undefined) return;
    const { host, intervalMs } = this.#options;
    await this.#read();
    this.#timer = every(host.clock, intervalMs, () => {
      this.#reading = this.#reread();
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#reading;
  }

  async #reread(): Promise<void> {
    const { host, setting, path } = this.#options;
    try {
      const before = this.#text;
      await this.#read();
      if (before !== this.#text) host.logger.info({ setting, path }, `${setting} was read again`);
    } catch (error) {
      host.logger.warn({ error, setting, path }, `${setting} cannot be read again; what was read before stays in use`);
    }
  }

  async #read(): Promise<void> {
    const text = await this.#load();
    if (text === this.#text) return;
    this.#content = this.#options.parse(text);
    this.#text = text;
  }

  async #load(): Promise<string> {
    const { path, setting } = this.#options;
    try {
      return await smallFile(path);
    } catch (cause) {
      if (isDbintelError(cause)) throw cause;
      throw new DbintelError(`${setting}: cannot read ${path}`, {
        code: "DBI_FILE",
        hint: `check ${setting}, and that the collector's user may read the file`,
        cause,
      });
    }
  }
}

async function smallFile(path: string): Promise<string> {
  await using file = await open(path);
  const { size } = await file.stat();
  if (size <= largestBytes) return await file.readFile("utf8");
  throw new DbintelError(`${path} has more than ${largestBytes} bytes`, {
    code: "DBI_FILE",
    hint: "name the file that holds the secret alone",
  });
}
