import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RefusedError } from "@dbintel/errors";
import { openJournal } from "@dbintel/journal";
import type { JournalOwner, JournalProvider, OpenedJournal } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";

/** Keeps journals in a folder of its own: what `file_storage` is to a collector, with a disk that can be full. */
export class Journals implements JournalProvider, AsyncDisposable {
  readonly #folder: string;
  full = false;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  static async make(): Promise<Journals> {
    return new Journals(await mkdtemp(join(tmpdir(), "dbintel-delivery-")));
  }

  async openJournal({ id, name }: JournalOwner): Promise<OpenedJournal> {
    const { clock, random, logger } = createTestHost();
    const opened = await openJournal({ folder: join(this.#folder, `${id}-${name}`), clock, random, logger });
    const append = opened.journal.append.bind(opened.journal);
    opened.journal.append = async (content, items) => {
      if (this.full) throw new RefusedError("no space left on device", { code: "DBI_STORAGE" });
      return append(content, items);
    };
    return opened;
  }

  /** All that is on disk of one journal. */
  async content(journal: string): Promise<Uint8Array> {
    const folder = join(this.#folder, journal);
    return Buffer.concat(await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name)))));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}
