import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Journal, JournalRecord } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { openJournal, type SegmentJournalArgs } from "../src/index.ts";

/**
 * For tests that open a journal thousands of times and look at what is read, not at what a disk keeps: a file system in
 * memory where the machine has one.
 */
export const inMemory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** A folder of its own with a journal in it, which can be opened again and again. */
export class JournalFolder implements AsyncDisposable {
  readonly host = createTestHost();
  readonly parent: string;

  private constructor(parent: string) {
    this.parent = parent;
  }

  static async make(parent = tmpdir()): Promise<JournalFolder> {
    return new JournalFolder(await mkdtemp(join(parent, "dbintel-journal-")));
  }

  get path(): string {
    return join(this.parent, "queue");
  }

  open(options: Partial<SegmentJournalArgs> = {}) {
    const { clock, random, logger } = this.host;
    return openJournal({ folder: this.path, clock, random, logger, ...options });
  }

  /** The files, without the parts of their names that count. */
  async files(): Promise<string[]> {
    return (await readdir(this.path)).toSorted();
  }

  /** What the journal holds, opened and closed again. */
  async contents(options: Partial<SegmentJournalArgs> = {}) {
    const { journal, found, losses } = await this.open(options);
    const texts = await textsOf(journal, found);
    await journal.close();
    return { texts, found, losses };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.parent, { recursive: true });
  }
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}

export async function textsOf(journal: Journal, records: readonly JournalRecord[]): Promise<string[]> {
  const texts: string[] = [];
  for (const record of records) texts.push(Buffer.from(await journal.read(record)).toString());
  return texts;
}

/** Appends records of these texts, one item each, and waits for all. */
export function appendAll(journal: Journal, texts: readonly string[]): Promise<JournalRecord[]> {
  return Promise.all(texts.map((text) => journal.append(bytesOf(text), 1)));
}
