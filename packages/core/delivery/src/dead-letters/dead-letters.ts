import { type ConsumeError, DbintelError, toConsumeError } from "@dbintel/errors";
import type { Batch } from "@dbintel/pdata";
import {
  type DeadLetterDesk,
  deadLetterDesks,
  every,
  type Host,
  type JournalProvider,
  type Timer,
} from "@dbintel/pipeline";
import { LogGate } from "../log-gate.ts";
import type { DropReason } from "../request/outcome.ts";
import { DeadLetterBox, openDeadLetterJournal } from "./dead-letter-box.ts";
import { DeadLetterMetrics } from "./dead-letter-metrics.ts";
import type { DeadLetterSettings } from "./dead-letter-settings.ts";
import { letterJson } from "./letter.ts";
import type { Redaction } from "./redaction.ts";

/** Repeated lines about the same thing come at most this often. */
const logIntervalMs = 30_000;
/** What is too old is looked for so often. */
const expiryIntervalMs = 600_000;

/** Items that the destination will never take, and why. */
export interface Undeliverable {
  readonly batch: Batch;
  readonly reason: DropReason;
  readonly error: ConsumeError;
  readonly attempts: number;
  readonly trimmed: boolean;
}

/** Keeps what one exporter gives up for good: redacted, once for each content, on disk before it is booked as dropped. */
export class DeadLetters {
  readonly settings: DeadLetterSettings;
  readonly #host: Host;
  readonly #journals: JournalProvider;
  readonly #exporter: string;
  readonly #gate: LogGate;
  readonly #metrics: DeadLetterMetrics;
  readonly #resend: (batch: Batch) => Promise<void>;
  #box: DeadLetterBox | undefined;
  #timer: Timer | undefined;
  #closeDesk = () => {};
  #redaction: Redaction | undefined;

  constructor(args: {
    readonly id: string;
    readonly host: Host;
    readonly journals: JournalProvider;
    readonly settings: DeadLetterSettings;
    /** Takes what is to be sent once more: the exporter's queue. */
    readonly resend: (batch: Batch) => Promise<void>;
  }) {
    this.settings = args.settings;
    this.#host = args.host;
    this.#journals = args.journals;
    this.#exporter = args.id;
    this.#resend = args.resend;
    this.#gate = new LogGate(args.host.clock, logIntervalMs);
    this.#metrics = new DeadLetterMetrics(args.host.meter, args.id);
  }

  async start(options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#box !== undefined) return;
    this.#redaction = await loadRedaction();
    const opened = await openDeadLetterJournal(this.#journals, this.#exporter, options);
    const { max_size: maxBytes, max_age: maxAgeMs } = this.settings;
    const { clock } = this.#host;
    const box = await DeadLetterBox.open(opened, {
      ...{ clock, maxBytes, maxAgeMs },
      onEvent: (event, letter) => this.#metrics.happened(event, letter),
    });
    this.#box = box;
    this.#metrics.observe(box);
    this.#timer = every(clock, expiryIntervalMs, () => box.expire());
    this.#closeDesk = this.#openDesk(box);
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#closeDesk();
    this.#metrics.forget();
    const box = this.#box;
    this.#box = undefined;
    await box?.close();
  }

  /** Resolves when the letter is on disk. Never rejects: what cannot be kept is counted and logged. */
  async bury(undeliverable: Undeliverable): Promise<void> {
    const { batch, reason, error, attempts, trimmed } = undeliverable;
    const { signal, count: items } = batch;
    try {
      const redaction = this.#redaction;
      if (this.#box === undefined || redaction === undefined) throw new Error("the exporter does not run");
      const httpStatus = "httpStatus" in error ? error.httpStatus : undefined;
      const message = redaction.text(error.message);
      const about = { ...{ signal, items, reason, attempts, trimmed, message, httpStatus }, code: error.code };
      await this.#box.put(about, redaction.batch(batch).encode());
      const sum = this.#gate.pass(reason, items);
      if (sum === undefined) return;
      const fields = { "otelcol.signal": signal, reason, items: sum };
      this.#host.logger.warn(fields, "what the destination will not take is kept: `dbintel dlq` shows it");
    } catch (cause) {
      this.#metrics.happened("lost", { signal, items });
      const sum = this.#gate.pass("lost", items);
      if (sum === undefined) return;
      const fields = { "otelcol.signal": signal, reason, items: sum, error: toConsumeError(cause) };
      this.#host.logger.error(fields, "what the destination will not take cannot be kept and is lost");
    }
  }

  /** Shows the letters to those who operate the collector. Returns a function that ends that. */
  #openDesk(box: DeadLetterBox): () => void {
    const desks = this.#host.shared(deadLetterDesks);
    const exporter = this.#exporter;
    const desk: DeadLetterDesk = {
      letters: () => box.letters.map((letter) => letterJson(exporter, letter)),
      open: async (hash) => {
        const opened = await box.open(hash);
        return opened && { letter: letterJson(exporter, opened.letter), batch: opened.batch };
      },
      replay: (hash) => box.replay(hash, this.#resend),
      remove: (hash) => box.remove(hash, "removed"),
    };
    desks.set(exporter, desk);
    return () => {
      if (desks.get(exporter) === desk) desks.delete(exporter);
    };
  }
}

/**
 * The package `@dbintel/pii` has native code: who keeps no dead letters does without it. Found missing here, before there
 * is a letter that could not be kept.
 */
async function loadRedaction(): Promise<Redaction> {
  try {
    const { Redaction } = await import("./redaction.ts");
    return new Redaction();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DbintelError(`dead_letters needs the package @dbintel/pii, which cannot be loaded: ${reason}`, {
      code: "DBI_CONFIG_INVALID",
      cause,
      hint: "install @dbintel/pii beside the exporter: it takes personal data and secrets out of what is kept",
    });
  }
}
