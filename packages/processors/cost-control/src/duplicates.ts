import type { LogRecord } from "@dbintel/pdata";
import { LRUCache } from "lru-cache";
import { hashAttributes, hashText, hashValue, joinHash } from "./hash.ts";

const maxRecords = 50_000;

/** Remembers log records that were delivered, by everything in them but their time. */
export class Duplicates {
  readonly #windowMs: number;
  readonly #seen = new LRUCache<number, number>({ max: maxRecords });

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Whether the record repeats one of the window; else it is remembered, and its hash added to `fresh`. */
  repeats(record: LogRecord, nowMs: number, fresh: number[]): boolean {
    let hash = joinHash(hashAttributes(record.resource.attributes), hashAttributes(record.attributes));
    hash = joinHash(hash, hashValue(record.body));
    hash = joinHash(hash, hashText(record.eventName, record.severityNumber));
    const seen = this.#seen.get(hash);
    if (seen !== undefined && nowMs - seen < this.#windowMs) return true;
    this.#seen.set(hash, nowMs);
    fresh.push(hash);
    return false;
  }

  /** Takes back what was not delivered: its sender will send it again. */
  forget(hashes: readonly number[]): void {
    for (const hash of hashes) this.#seen.delete(hash);
  }
}
