import { PermanentError } from "@dbintel/errors";
import { type Batch, decode } from "@dbintel/pdata";
import type { Clock, JournalProvider, JournalRecord, OpenedJournal } from "@dbintel/pipeline";
import {
  contentHash,
  type DeadLetter,
  type DeadLetterCause,
  decodeLetter,
  encodeLetter,
  type OpenedLetter,
} from "./letter.ts";

/** What is known of each letter is in memory; what it is about is not. */
const mostLetters = 10_000;
/** A file gives its space back when the last letter in it has gone: so much of them may lie empty beside the letters. */
const slackBytes = 32 * 2 ** 20;

/** What happened to a letter: the values of the label `event`. */
const deadLetterEvents = [
  /** It was put in. */
  "stored",
  /** The same content was there already: its count grew. */
  "duplicate",
  /** It was sent again: the exporter's queue has taken it. */
  "replayed",
  /** A person removed it. */
  "removed",
  /** It was older than `max_age`. */
  "expired",
  /** It made room for newer ones. */
  "evicted",
  /** The disk did not take it, it is larger than `max_size`, or it cannot be read any more. */
  "lost",
] as const;
export type DeadLetterEvent = (typeof deadLetterEvents)[number];

export interface DeadLetterBoxOptions {
  readonly clock: Clock;
  readonly maxBytes: number;
  /** 0 is no limit. */
  readonly maxAgeMs: number;
  readonly onEvent: (event: DeadLetterEvent, letter: Pick<DeadLetter, "signal" | "items">) => void;
}

interface Entry {
  letter: DeadLetter;
  /** Length of what is stored. */
  readonly bytes: number;
  /** Resolves when the disk has it. */
  readonly stored: Promise<JournalRecord>;
  /** The same when it has resolved: then the letter can leave at once. */
  record: JournalRecord | undefined;
  /** Whether the letter on disk is as it is here. */
  current: boolean;
}

/** The journal of an exporter's dead letters; one at a time has it open. */
export function openDeadLetterJournal(
  journals: JournalProvider,
  exporter: string,
  options: { readonly signal: AbortSignal },
): Promise<OpenedJournal> {
  return journals.openJournal({ kind: "exporter", id: exporter, name: "dead_letters" }, options);
}

/** The dead letters of one exporter, bounded in bytes and age. Each content is there once. */
export class DeadLetterBox {
  readonly #options: DeadLetterBoxOptions;
  readonly #journal: OpenedJournal["journal"];
  /** By hash, in the order in which they were put in. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  private constructor(options: DeadLetterBoxOptions, journal: OpenedJournal["journal"]) {
    this.#options = options;
    this.#journal = journal;
  }

  /** Takes over what earlier runs left. What it cannot read stays on disk, and is left out. */
  static async open({ journal, found }: OpenedJournal, options: DeadLetterBoxOptions): Promise<DeadLetterBox> {
    const box = new DeadLetterBox(options, journal);
    for (const record of found) {
      const decoded = await journal.read(record).then(decodeLetter, () => undefined);
      if (decoded !== undefined) box.#takeOver(decoded.letter, record);
    }
    box.expire();
    return box;
  }

  /** Oldest first. */
  get letters(): readonly DeadLetter[] {
    return [...this.#entries.values()].map(({ letter }) => letter);
  }

  get size(): number {
    return this.#entries.size;
  }

  /** What the letters occupy. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Resolves when the letter is on disk, or has grown the count of the one with the same content. Rejects when the disk
   * does not take it, or when it is larger than the box.
   */
  async put(about: DeadLetterCause, content: Uint8Array): Promise<void> {
    const nowMs = this.#nowMs();
    const hash = contentHash(about.signal, content);
    const same = this.#entries.get(hash);
    if (same !== undefined) {
      await same.stored;
      const { attempts, count, firstUnixMs } = same.letter;
      const sum = { attempts: attempts + about.attempts, count: count + 1, firstUnixMs, lastUnixMs: nowMs };
      same.letter = { ...about, hash, ...sum };
      same.current = false;
      this.#options.onEvent("duplicate", about);
      return;
    }
    const letter: DeadLetter = { ...about, hash, count: 1, firstUnixMs: nowMs, lastUnixMs: nowMs };
    const bytes = encodeLetter(letter, content);
    const { maxBytes } = this.#options;
    if (bytes.length > maxBytes) {
      throw new PermanentError(`${bytes.length} bytes are more than dead_letters.max_size, ${maxBytes}`, {
        code: "DBI_TOO_LARGE",
      });
    }
    const stored = this.#journal.append(bytes, letter.items);
    const entry: Entry = { letter, bytes: bytes.length, stored, record: undefined, current: true };
    this.#entries.set(hash, entry);
    this.#bytes += bytes.length;
    try {
      entry.record = await stored;
    } catch (error) {
      this.#forget(hash);
      throw error;
    }
    this.#options.onEvent("stored", letter);
    this.#makeRoom();
  }

  /** The letter with its content; `undefined` when it has gone. */
  async open(hash: string): Promise<OpenedLetter | undefined> {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return undefined;
    try {
      const decoded = decodeLetter(await this.#journal.read(await entry.stored));
      if (decoded !== undefined) return { letter: entry.letter, batch: decode(entry.letter.signal, decoded.content) };
    } catch {
      // The journal counts it as damaged.
    }
    this.#leave(hash, "lost");
    return undefined;
  }

  /** Removes a letter; false when it has gone already. */
  remove(hash: string, event: "replayed" | "removed"): boolean {
    return this.#leave(hash, event);
  }

  /** Gives a letter away, and removes it then, unless the same content has come meanwhile. False when it has gone. */
  async replay(hash: string, give: (batch: Batch) => Promise<void>): Promise<boolean> {
    const opened = await this.open(hash);
    if (opened === undefined) return false;
    await give(opened.batch);
    // Its place is taken by another when its count grows.
    if (this.#entries.get(hash)?.letter === opened.letter) this.remove(hash, "replayed");
    return true;
  }

  /** Removes what is too old. */
  expire(): void {
    const { maxAgeMs } = this.#options;
    if (maxAgeMs === 0) return;
    const earliest = this.#nowMs() - maxAgeMs;
    for (const { hash, lastUnixMs } of this.letters) if (lastUnixMs < earliest) this.#leave(hash, "expired");
  }

  /** Keeps the counts that have grown, and closes every file. Idempotent. */
  async close(): Promise<void> {
    for (const entry of this.#entries.values()) if (!entry.current) await this.#rewrite(entry);
    await this.#journal.close();
  }

  #takeOver(letter: DeadLetter, record: JournalRecord): void {
    // Of two with the same content a crash has left, before the older one was forgotten, the later one is right.
    const older = this.#entries.get(letter.hash);
    if (older?.record !== undefined) this.#journal.finish(older.record);
    this.#forget(letter.hash);
    this.#bytes += record.bytes;
    const entry = { letter, bytes: record.bytes, stored: Promise.resolve(record), record, current: true };
    this.#entries.set(letter.hash, entry);
  }

  /** Without it the count is that of the last start: no reason to fail. */
  async #rewrite(entry: Entry): Promise<void> {
    try {
      const before = await entry.stored;
      const decoded = decodeLetter(await this.#journal.read(before));
      if (decoded === undefined) return;
      entry.current = true;
      await this.#journal.append(encodeLetter(entry.letter, decoded.content), entry.letter.items);
      this.#journal.finish(before);
    } catch {
      entry.current = true;
    }
  }

  /** In the order of the files, so that they give their space back. */
  #makeRoom(): void {
    const { maxBytes } = this.#options;
    while (
      this.#entries.size > 1 &&
      (this.#bytes > maxBytes || this.#entries.size > mostLetters || this.#journal.diskBytes > maxBytes + slackBytes)
    ) {
      const [oldest] = this.#entries.keys();
      if (oldest === undefined) return;
      this.#leave(oldest, "evicted");
    }
  }

  #leave(hash: string, event: DeadLetterEvent): boolean {
    const entry = this.#entries.get(hash);
    if (entry === undefined) return false;
    this.#forget(hash);
    if (entry.record !== undefined) this.#journal.finish(entry.record);
    else void entry.stored.then((record) => this.#journal.finish(record)).catch(() => {});
    this.#options.onEvent(event, entry.letter);
    return true;
  }

  #forget(hash: string): void {
    this.#bytes -= this.#entries.get(hash)?.bytes ?? 0;
    this.#entries.delete(hash);
  }

  #nowMs(): number {
    return Number(this.#options.clock.unixNano() / 1_000_000n);
  }
}
