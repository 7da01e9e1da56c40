import { toConsumeError } from "@dbintel/errors";
import type { Batch, ExportResponse, Signal } from "@dbintel/pdata";
import type { Consumer, Consumers, Host } from "@dbintel/pipeline";
import { failureOf } from "./failure.ts";

/** Hands what was received to the pipelines, whatever protocol it came by. */
export class Intake {
  readonly #host: Host;
  readonly #next: Consumers;

  constructor(args: { readonly host: Host; readonly next: Consumers }) {
    this.#host = args.host;
    this.#next = args.next;
  }

  /** Whether a pipeline wants this signal. */
  takes(signal: Signal): boolean {
    return this.#next[signal] !== undefined;
  }

  /** What OTLP answers when the pipeline took all of it or a part. Rejects with a `Failure` when it took nothing. */
  async deliver(batch: Batch, left: AbortSignal): Promise<ExportResponse> {
    const { signal, count } = batch;
    if (count === 0) return {};
    const { accounting } = this.#host;
    const next: Consumer | undefined = this.#next[signal];
    accounting.received(signal, count);
    try {
      await next?.consume(batch, { signal: left });
      return {};
    } catch (reason) {
      const failure = toConsumeError(reason);
      if (failure.kind === "partial") {
        return { partialSuccess: { rejected: BigInt(failure.rejected), errorMessage: failure.message } };
      }
      accounting.refused(signal, count);
      throw failureOf(failure);
    }
  }
}
