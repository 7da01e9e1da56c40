import { type DeadLetter, StoredDeadLetters } from "@dbintel/delivery";
import { DbintelError, isDbintelError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import {
  type Component,
  isJournalProvider,
  type JournalProvider,
  loneHost,
  systemEnvironment,
} from "@dbintel/pipeline";
import { z } from "zod";
import { readBuildInfo } from "../build.ts";
import type { DistributionConfig } from "../configuration.ts";

/** The dead letters of one exporter. */
export interface Office {
  readonly exporter: string;
  readonly stored: Letters;
}

/** What is done with letters, on disk or by the collector that has them. */
export interface Letters {
  /** Oldest first. */
  readonly letters: readonly DeadLetter[];
  /** `undefined` when it has gone. */
  open(hash: string): Promise<{ readonly batch: Batch } | undefined>;
  /** False when it has gone. */
  replay(hash: string): Promise<boolean>;
  /** False when it has gone. */
  remove(hash: string): boolean | Promise<boolean>;
}

/** The settings of an exporter that keeps dead letters. */
const keeper = z.looseObject({
  dead_letters: z.looseObject({ storage: z.string() }),
  sending_queue: z.looseObject({ storage: z.string().optional() }),
});

const never = new AbortController().signal;

/**
 * The dead letters of a collector that does not run. The storage is taken as the collector takes it, lock and keys
 * included: neither runs while the other has it.
 */
export class Offices implements AsyncDisposable {
  readonly offices: Office[] = [];
  readonly #opened: StoredDeadLetters[] = [];
  readonly #config: DistributionConfig;
  readonly #storages = new Map<string, Component & JournalProvider>();

  private constructor(config: DistributionConfig) {
    this.#config = config;
  }

  /** Rejects with `DBI_STORAGE` when the storage is in use, `DBI_CONFIG_INVALID` when there are no dead letters. */
  static async open(config: DistributionConfig, only: string | undefined): Promise<Offices> {
    const offices = new Offices(config);
    try {
      await offices.#open(only);
      return offices;
    } catch (error) {
      await offices[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const stored of this.#opened) await stored[Symbol.asyncDispose]();
    for (const storage of this.#storages.values()) await storage.stop({ signal: never });
  }

  async #open(only: string | undefined): Promise<void> {
    const { clock } = systemEnvironment();
    for (const [exporter, { config }] of this.#config.exporters) {
      const settings = keeper.safeParse(config);
      if (!settings.success || (only !== undefined && only !== exporter)) continue;
      const { dead_letters, sending_queue } = settings.data;
      const journals = await this.#storage(dead_letters.storage);
      const queueJournals =
        sending_queue.storage === undefined ? undefined : await this.#storage(sending_queue.storage);
      const stored = await StoredDeadLetters.open({ exporter, journals, queueJournals, clock });
      this.#opened.push(stored);
      this.offices.push({ exporter, stored });
    }
    if (this.offices.length > 0) return;
    const who = only === undefined ? "no exporter" : `no exporter "${only}"`;
    throw new DbintelError(`${who} of the configuration keeps dead letters`, {
      code: "DBI_CONFIG_INVALID",
      hint: "an exporter keeps them that has dead_letters with the id of a storage extension",
    });
  }

  async #storage(id: string): Promise<JournalProvider> {
    const known = this.#storages.get(id);
    if (known !== undefined) return known;
    const extension = this.#config.extensions.get(id);
    const host = loneHost(systemEnvironment({ build: readBuildInfo() }));
    const component = extension?.definition.create({ id, config: extension.config, host });
    if (component === undefined || !isJournalProvider(component)) {
      throw new DbintelError(`"${id}" is no storage extension of the configuration`, { code: "DBI_CONFIG_INVALID" });
    }
    await component.start({ signal: never }).catch((error: unknown) => {
      if (!isDbintelError(error)) throw error;
      const hint = "stop it first, or ask it: give --admin with the URL of its extension admin instead of --config";
      throw new DbintelError(error.message, { code: error.code, hint, cause: error });
    });
    this.#storages.set(id, component);
    return component;
  }
}
