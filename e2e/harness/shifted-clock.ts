import { existsSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe } from "vitest";
import { libraryFolder } from "../servers/library-folder.ts";

/** libfaketime, which stands between a process and the clock of its machine: `.cache/faketime/usr` or `/usr`. */
function findFaketime(): string | undefined {
  const cache = fileURLToPath(new URL("../../.cache/faketime/usr", import.meta.url));
  return [cache, "/usr"]
    .map((root) => join(libraryFolder(root) ?? "", "faketime/libfaketimeMT.so.1"))
    .find((library) => existsSync(library));
}

/** A suite that sets the clock of a process; skipped by name where libfaketime is not on the machine. */
export function describeClock(name: string, suite: () => void): void {
  describe.skipIf(findFaketime() === undefined)(`${name} [libfaketime]`, suite);
}

/** The wall clock of a process, which can be set while it runs. Its monotonic clock goes on, as that of Linux does. */
export class ShiftedClock {
  readonly #file: string;

  /** `file` is where the process reads what its clock shows. */
  constructor(file: string) {
    this.#file = file;
  }

  /** The environment of the process. */
  get env(): Readonly<Record<string, string>> {
    return {
      LD_PRELOAD: findFaketime() ?? "",
      FAKETIME_TIMESTAMP_FILE: this.#file,
      FAKETIME_NO_CACHE: "1",
      FAKETIME_DONT_FAKE_MONOTONIC: "1",
    };
  }

  /**
   * The same for a process that asks for the time all the while, as database servers do: it looks once a second whether its
   * clock was set. A server becomes slow by it all the same.
   */
  get lazyEnv(): Readonly<Record<string, string>> {
    const { FAKETIME_NO_CACHE: _, ...env } = this.env;
    return { ...env, FAKETIME_CACHE_DURATION: "1" };
  }

  /** From now on it shows the machine's time and this, for example `+2h`. */
  async set(offset: string): Promise<void> {
    await writeFile(`${this.#file}.new`, `${offset}\n`);
    await rename(`${this.#file}.new`, this.#file);
  }
}
