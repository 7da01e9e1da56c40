import type { Writable } from "node:stream";
import { RefusedError, RetryableError } from "@dbintel/errors";
import { type Batch, type Signal, signals } from "@dbintel/pdata";
import type { Component, Consumers, Host } from "@dbintel/pipeline";
import { batchText } from "./batch-text.ts";
import type { DebugConfig } from "./config.ts";
import { Sampler } from "./sampler.ts";

/** Text that a slow reader has not taken may hold this much memory; more batches are refused. */
const maxWaitingBytes = 16 * 2 ** 20;

export interface DebugArgs {
  readonly config: DebugConfig;
  readonly host: Host;
  readonly output: Writable;
}

/** Prints batches; what sampling leaves out counts as sent too. */
export class Debug implements Component {
  readonly consumers: Consumers;
  readonly #args: DebugArgs;
  readonly #samplers: ReadonlyMap<Signal, Sampler>;
  /** Without a listener, a reader that has gone (`dbintel run | head`) would end the process. */
  readonly #onError = () => {};
  #started = false;

  constructor(args: DebugArgs) {
    const { config, host } = args;
    this.#args = args;
    const { sampling_initial: initial, sampling_thereafter: thereafter } = config;
    this.#samplers = new Map(
      signals.map((signal) => [signal, new Sampler({ clock: host.clock, initial, thereafter })] as const),
    );
    const consumer = { consume: (batch: Batch) => this.#consume(batch) };
    this.consumers = Object.fromEntries(signals.map((signal) => [signal, consumer]));
  }

  async start(): Promise<void> {
    if (this.#started) return;
    this.#started = true;
    this.#args.output.on("error", this.#onError);
  }

  async stop(): Promise<void> {
    this.#started = false;
    this.#args.output.off("error", this.#onError);
  }

  async #consume(batch: Batch): Promise<void> {
    const { signal, count } = batch;
    if (this.#samplers.get(signal)?.pass() === true) {
      await this.#print(batchText(batch, this.#args.config.verbosity));
    }
    this.#args.host.accounting.sent(signal, count);
  }

  /** Resolves when the stream has taken the text: a slow terminal slows the pipeline down instead of filling memory. */
  #print(text: string): Promise<void> {
    const { output, config } = this.#args;
    if (output.writableLength > maxWaitingBytes) {
      const error = new RefusedError(`nobody reads ${config.output}`, { code: "DBI_QUEUE_FULL", delayMs: 1000 });
      return Promise.reject(error);
    }
    return new Promise((resolve, reject) => {
      output.write(text, (error) => {
        if (error) reject(new RetryableError(`cannot print to ${config.output}: ${error.message}`, { cause: error }));
        else resolve();
      });
    });
  }
}
