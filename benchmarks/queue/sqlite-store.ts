import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { OpenStore } from "./candidate.ts";

interface Waiting {
  readonly id: number;
  readonly content: Uint8Array;
  readonly resolve: () => void;
}

export interface Transaction {
  readonly puts: readonly { readonly id: number; readonly content: Uint8Array }[];
  readonly finished: readonly number[];
}

/** A table in WAL mode with `synchronous = FULL`: a commit is on disk when it returns. */
export function database(folder: string): DatabaseSync {
  const opened = new DatabaseSync(join(folder, "queue.db"));
  opened.exec("pragma journal_mode = wal; pragma synchronous = full; pragma page_size = 8192");
  opened.exec("create table if not exists queue (id integer primary key, content blob not null)");
  return opened;
}

export async function openSqlite(folder: string): Promise<OpenStore> {
  const opened = database(folder);
  const found = () => opened.prepare("select id, content from queue").iterate();
  const worker = new Worker(new URL("sqlite-worker.ts", import.meta.url), { workerData: folder });
  let waiting: Waiting[] = [];
  let finished: number[] = [];
  let running: readonly Waiting[] | undefined;
  const next = () => {
    if (running !== undefined || waiting.length === 0) return;
    running = waiting;
    const transaction: Transaction = { puts: waiting.map(({ id, content }) => ({ id, content })), finished };
    waiting = [];
    finished = [];
    worker.postMessage(transaction);
  };
  worker.on("message", () => {
    const done = running ?? [];
    running = undefined;
    for (const { resolve } of done) resolve();
    next();
  });
  return {
    put: (id, content) =>
      new Promise((resolve) => {
        waiting.push({ id, content, resolve });
        queueMicrotask(next);
      }),
    finish: (id) => void finished.push(id),
    async *records() {
      for (const { id, content } of found()) yield { id: Number(id), content: content as Uint8Array };
    },
    async close() {
      await worker.terminate();
      opened.close();
    },
  };
}
