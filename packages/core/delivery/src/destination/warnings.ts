import type { Signal } from "@dbintel/pdata";
import type { Logger } from "@dbintel/pipeline";

/** A server can word each of its warnings differently: this many are logged. */
const mostWarnings = 20;

/** Logs what a server says of data that it took: the same words again are not worth another line. */
export class ServerWarnings {
  readonly #logger: Logger;
  readonly #said = new Set<string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  log(signal: Signal, warning: string): void {
    if (this.#said.has(warning) || this.#said.size >= mostWarnings) return;
    this.#said.add(warning);
    this.#logger.warn({ "otelcol.signal": signal }, warning);
  }
}
