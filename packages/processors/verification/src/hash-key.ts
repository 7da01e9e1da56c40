import { createHmac } from "node:crypto";
import { readFile } from "node:fs/promises";
import { Secret } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import { every, type Host, type Timer } from "@dbintel/pipeline";
import type { VerificationConfig } from "./config.ts";

type HashConfig = NonNullable<VerificationConfig["hash"]>;

export const leastKeyLength = 32;

interface CurrentKey {
  readonly key: Secret;
  readonly id: string;
}

/** The key of mode `hash`: that of the configuration, or that of a file, which is read again when it is replaced. */
export class HashKey {
  readonly #config: HashConfig;
  readonly #host: Host;
  #current: CurrentKey | undefined;
  #timer: Timer | undefined;
  /** The reading of the file that is under way. */
  #reading: Promise<void> = Promise.resolve();

  constructor(config: HashConfig, host: Host) {
    this.#config = config;
    this.#host = host;
    if (config.key !== undefined) this.#current = { key: config.key, id: config.key_id ?? idOf(config.key) };
  }

  /** `undefined` before a file was read. */
  get id(): string | undefined {
    return this.#current?.id;
  }

  /** HMAC-SHA-256 in hexadecimal digits; `undefined` before a file was read. */
  digest(text: string): string | undefined {
    return this.#current === undefined ? undefined : digest(this.#current.key, text);
  }

  /** Rejects when the file has no key; later a file that has none leaves the key as it was. */
  async start(): Promise<void> {
    const { key_file: path } = this.#config;
    if (path === undefined) return;
    await this.#read(path);
    this.#timer = every(this.#host.clock, this.#config.reload_interval, () => {
      this.#reading = this.#reread(path);
    });
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    await this.#reading;
  }

  async #reread(path: string): Promise<void> {
    try {
      await this.#read(path);
    } catch (error) {
      this.#host.logger.warn({ error }, "the key for hashes stays as it was");
    }
  }

  async #read(path: string): Promise<void> {
    const text = (await content(path)).trim();
    if (text.length < leastKeyLength) {
      throw new DbintelError(`${path} has less than ${leastKeyLength} characters`, {
        code: "DBI_FILE",
        hint: "write a longer key into it, for instance that of `openssl rand -hex 32`",
      });
    }
    const key = new Secret(text);
    const id = idOf(key);
    if (this.#current !== undefined && this.#current.id !== id) {
      this.#host.logger.info({ key_id: id }, "hashes have another key from now on");
    }
    this.#current = { key, id };
  }
}

async function content(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw new DbintelError(`cannot read ${path}`, {
      code: "DBI_FILE",
      hint: "check hash.key_file, and that the collector's user may read it",
      cause,
    });
  }
}

/** Tells keys apart without saying anything of them. */
function idOf(key: Secret): string {
  return digest(key, "key id").slice(0, 8);
}

function digest(key: Secret, text: string): string {
  return createHmac("sha256", key.reveal()).update(text).digest("hex");
}
