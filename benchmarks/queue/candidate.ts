import { type Journal, type JournalRecord, systemEnvironment } from "@dbintel/pipeline";

/** A store of records that outlive the process, with what a queue needs of it. */
export interface OpenStore {
  /** Resolves when the record is on disk, synced. */
  put(id: number, content: Uint8Array): Promise<void>;
  /** The record is delivered and may go. */
  finish(id: number): void;
  /** Everything that is there, in any order. */
  records(): AsyncIterable<{ readonly id: number; readonly content: Uint8Array }>;
  close(): Promise<void>;
}

export interface Candidate {
  readonly name: string;
  readonly open: (folder: string) => Promise<OpenStore>;
  /** Whether a file of its folder holds data: others are made anew at the start. */
  readonly holdsData: (file: string) => boolean;
}

/** Our own segments. */
const segments: Candidate = {
  name: "segments",
  holdsData: (file) => file.endsWith(".segment"),
  async open(folder) {
    const { openJournal } = await import("@dbintel/journal");
    const environment = systemEnvironment();
    const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
    const { journal, found } = await openJournal({ ...environment, logger: silent, folder });
    const kept = new Map<number, JournalRecord>();
    return {
      async put(id, content) {
        kept.set(id, await journal.append(content, id));
      },
      finish(id) {
        const record = kept.get(id);
        if (record === undefined) return;
        kept.delete(id);
        journal.finish(record);
      },
      records: () => read(journal, found),
      close: () => journal.close(),
    };
  },
};

async function* read(journal: Journal, found: readonly JournalRecord[]) {
  for (const record of found) yield { id: record.items, content: await journal.read(record) };
}

/** SQLite of Node in a worker, so that its syncs do not stop the main thread; one transaction for all that waits. */
const sqlite: Candidate = {
  name: "node:sqlite",
  holdsData: (file) => !file.endsWith("-shm"),
  open: async (folder) => (await import("./sqlite-store.ts")).openSqlite(folder),
};

/** LMDB by the package `lmdb`, which is no dependency of this repository: see `bench.ts`. */
const lmdb: Candidate = {
  name: "lmdb",
  holdsData: (file) => !file.endsWith("-lock"),
  open: async (folder) => (await import("./lmdb-store.ts")).openLmdb(folder),
};

/** Those that can run here. */
export const candidates: readonly Candidate[] = [
  segments,
  sqlite,
  ...(process.env.DBINTEL_LMDB === undefined ? [] : [lmdb]),
];

export function candidateOf(name: string | undefined): Candidate {
  const found = candidates.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`there is no candidate ${name}`);
  return found;
}
