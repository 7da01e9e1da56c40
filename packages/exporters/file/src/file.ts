import { dirname } from "node:path";
import { RefusedError, RetryableError } from "@dbintel/errors";
import { type Batch, signals } from "@dbintel/pdata";
import { type Component, type Consumers, type Host, makeDirectory } from "@dbintel/pipeline";
import type { FileConfig } from "./config.ts";
import { type Framing, framingOf } from "./framing.ts";
import { fileError } from "./record-file.ts";
import { RotatingFile } from "./rotating-file.ts";

/** Records that wait for a slow disk may hold this much memory, together; more are refused. */
const maxWaitingBytes = 64 * 2 ** 20;

export interface FileArgs {
  readonly config: FileConfig;
  readonly host: Host;
}

/** Writes batches of all signals to one file, each as a whole record, in the order of the calls. */
export class File implements Component {
  readonly consumers: Consumers;
  readonly #config: FileConfig;
  readonly #host: Host;
  readonly #framing: Framing;
  readonly #file: RotatingFile;
  #open = false;
  #waitingBytes = 0;
  #turn: Promise<unknown> = Promise.resolve();

  constructor({ config, host }: FileArgs) {
    this.#config = config;
    this.#host = host;
    this.#framing = framingOf(config.format);
    this.#file = new RotatingFile({ config, framing: this.#framing, clock: host.clock, logger: host.logger });
    const consumer = { consume: (batch: Batch) => this.#consume(batch) };
    this.consumers = Object.fromEntries(signals.map((signal) => [signal, consumer]));
  }

  /** Rejects with `DBI_FILE` when the file cannot be opened: a wrong path does not become right by waiting. */
  async start(): Promise<void> {
    if (this.#open) return;
    if (this.#config.create_directory) await this.#createDirectory();
    try {
      await this.#file.open();
    } catch (error) {
      throw fileError(`cannot open ${this.#config.path}`, error);
    }
    this.#open = true;
  }

  async stop(): Promise<void> {
    this.#open = false;
    await this.#inTurn(() => this.#file.close());
  }

  async #consume(batch: Batch): Promise<void> {
    if (!this.#open) throw new RefusedError("the exporter is not running", { code: "DBI_SHUTTING_DOWN" });
    const { signal, count } = batch;
    if (count === 0) return;
    const record = this.#framing.frame(batch);
    await this.#inOrder(record);
    this.#host.accounting.sent(signal, count);
  }

  async #inOrder(record: Uint8Array): Promise<void> {
    if (this.#waitingBytes > 0 && this.#waitingBytes + record.length > maxWaitingBytes) {
      throw new RefusedError(`${this.#waitingBytes} bytes wait for ${this.#config.path} already`, {
        code: "DBI_QUEUE_FULL",
        hint: "the disk is slower than the data: send less, or write to another disk",
        delayMs: 1000,
      });
    }
    this.#waitingBytes += record.length;
    try {
      await this.#inTurn(() => this.#write(record));
    } finally {
      this.#waitingBytes -= record.length;
    }
  }

  async #write(record: Uint8Array): Promise<void> {
    try {
      await this.#file.append(record);
      this.#host.reportStatus({ state: "ok" });
    } catch (cause) {
      const { message, hint, code } = fileError(`cannot write to ${this.#config.path}`, cause);
      this.#host.reportStatus({ state: "recoverable_error", message, hint });
      throw new RetryableError(message, { code, cause, ...(hint === undefined ? {} : { hint }) });
    }
  }

  async #createDirectory(): Promise<void> {
    const directory = dirname(this.#config.path);
    try {
      await makeDirectory(directory, 0o700);
    } catch (error) {
      throw fileError(`cannot create ${directory}`, error);
    }
  }

  /** One after the other: the order of the file is that of the calls, and no two touch it at the same time. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }
}
