import { DbintelError } from "@dbintel/errors";
import { type Signal, signals } from "@dbintel/pdata";
import type { Clock, Journal, JournalProvider } from "@dbintel/pipeline";
import { DeadLetterBox, openDeadLetterJournal } from "./dead-letter-box.ts";
import type { DeadLetter, OpenedLetter } from "./letter.ts";

export interface StoredDeadLettersArgs {
  /** Id of an exporter that does not run. */
  readonly exporter: string;
  /** Where its dead letters are. */
  readonly journals: JournalProvider;
  /** Where its queue is; `undefined` for one in memory. */
  readonly queueJournals: JournalProvider | undefined;
  readonly clock: Clock;
}

const never = new AbortController().signal;

/** The dead letters of an exporter that does not run, for a person to look at, to send again or to remove. */
export class StoredDeadLetters implements AsyncDisposable {
  readonly #args: StoredDeadLettersArgs;
  readonly #box: DeadLetterBox;
  /** The queues that letters went to. */
  readonly #queues = new Map<Signal, Journal>();

  private constructor(args: StoredDeadLettersArgs, box: DeadLetterBox) {
    this.#args = args;
    this.#box = box;
  }

  /** Rejects with `DBI_STORAGE`. Nothing leaves for its age or its size: that is for the collector to do. */
  static async open(args: StoredDeadLettersArgs): Promise<StoredDeadLetters> {
    const { exporter, journals, clock } = args;
    const opened = await openDeadLetterJournal(journals, exporter, { signal: never });
    const limits = { maxBytes: Number.POSITIVE_INFINITY, maxAgeMs: 0 };
    return new StoredDeadLetters(args, await DeadLetterBox.open(opened, { clock, ...limits, onEvent: () => {} }));
  }

  /** Oldest first. */
  get letters(): readonly DeadLetter[] {
    return this.#box.letters;
  }

  /** A letter with its content; `undefined` when it has gone. */
  open(hash: string): Promise<OpenedLetter | undefined> {
    return this.#box.open(hash);
  }

  /**
   * Puts a letter into the exporter's queue, on disk, and only then removes it: the collector sends it when it starts
   * again. False when the letter has gone. Rejects with `DBI_STORAGE` when its queue is in memory or the disk does not
   * take it; the letter is still there then.
   */
  replay(hash: string): Promise<boolean> {
    return this.#box.replay(hash, async (batch) => {
      const queue = await this.#queue(batch.signal);
      await queue.append(batch.encode(), batch.count);
    });
  }

  /** False when the letter has gone. */
  remove(hash: string): boolean {
    return this.#box.remove(hash, "removed");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#box.close();
    for (const signal of signals) await this.#queues.get(signal)?.close();
  }

  async #queue(signal: Signal): Promise<Journal> {
    const known = this.#queues.get(signal);
    if (known !== undefined) return known;
    const { exporter: id, queueJournals } = this.#args;
    if (queueJournals === undefined) {
      throw new DbintelError(
        `the queue of exporter "${id}" is in memory: only a collector that runs can take letters`,
        {
          code: "DBI_STORAGE",
          hint: "set sending_queue.storage, here and in the collector; then letters wait on disk for its next start",
        },
      );
    }
    const { journal } = await queueJournals.openJournal({ kind: "exporter", id, name: signal }, { signal: never });
    this.#queues.set(signal, journal);
    return journal;
  }
}
