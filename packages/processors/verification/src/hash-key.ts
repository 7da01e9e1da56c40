import { createHmac } from "node:crypto";
import { Secret } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import { FollowedFile, type Host } from "@dbintel/pipeline";
import type { VerificationConfig } from "./config.ts";

type HashConfig = NonNullable<VerificationConfig["hash"]>;

export const leastKeyLength = 32;

interface CurrentKey {
  readonly key: Secret;
  readonly id: string;
}

/** The key of mode `hash`: that of the configuration, or that of a file, which is read again when it is replaced. */
export class HashKey {
  readonly #given: CurrentKey | undefined;
  readonly #file: FollowedFile<CurrentKey> | undefined;

  constructor({ key, key_id, key_file, reload_interval }: HashConfig, host: Host) {
    if (key !== undefined) this.#given = { key, id: key_id ?? idOf(key) };
    if (key_file !== undefined) {
      this.#file = new FollowedFile({
        host,
        path: key_file,
        setting: "hash.key_file",
        intervalMs: reload_interval,
        parse: (text) => keyIn(text, key_file),
      });
    }
  }

  /** `undefined` before a file was read. */
  get id(): string | undefined {
    return this.#current?.id;
  }

  /** HMAC-SHA-256 in hexadecimal digits; `undefined` before a file was read. */
  digest(text: string): string | undefined {
    const current = this.#current;
    return current === undefined ? undefined : digest(current.key, text);
  }

  /** Rejects when the file has no key; later a file that has none leaves the key as it was. */
  async start(): Promise<void> {
    await this.#file?.start();
  }

  async stop(): Promise<void> {
    await this.#file?.stop();
  }

  get #current(): CurrentKey | undefined {
    return this.#given ?? this.#file?.content;
  }
}

function keyIn(text: string, path: string): CurrentKey {
  const key = new Secret(text.trim());
  if (key.reveal().length >= leastKeyLength) return { key, id: idOf(key) };
  throw new DbintelError(`${path} has less than ${leastKeyLength} characters`, {
    code: "DBI_FILE",
    hint: "write a longer key into it, for instance that of `openssl rand -hex 32`",
  });
}

/** Tells keys apart without saying anything of them. */
function idOf(key: Secret): string {
  return digest(key, "key id").slice(0, 8);
}

function digest(key: Secret, text: string): string {
  return createHmac("sha256", key.reveal()).update(text).digest("hex");
}
