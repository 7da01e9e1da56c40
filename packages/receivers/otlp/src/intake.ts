import { toConsumeError } from "@dbintel/errors";
import type { ExportResponse, Signal } from "@dbintel/pdata";
import type { Consumer, Consumers, Host } from "@dbintel/pipeline";
import { failureOf } from "./failure.ts";
import type { Received } from "./request-decoder.ts";

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

  /**
   * What OTLP answers when the pipeline took all of it or a part. Rejects with a `Failure` when it took nothing: then
   * the sender still has everything, what is malformed included.
   */
  async deliver({ batch, malformed }: Received, left: AbortSignal): Promise<ExportResponse> {
    const { signal, count } = batch;
    if (count === 0) return {};
    const { accounting } = this.#host;
    const next: Consumer | undefined = this.#next[signal];
    const all = count + (malformed?.count ?? 0);
    accounting.received(signal, all);
    let rejected = 0;
    const messages: string[] = [];
    try {
      await next?.consume(batch, { signal: left });
    } catch (reason) {
      const failure = toConsumeError(reason);
      if (failure.kind !== "partial") {
        accounting.refused(signal, all);
        throw failureOf(failure);
      }
      rejected = failure.rejected;
      messages.push(failure.message);
    }
    if (malformed !== undefined) {
      accounting.dropped(signal, malformed.count, "malformed");
      rejected += malformed.count;
      messages.unshift(malformed.message);
    }
    if (messages.length === 0) return {};
    return { partialSuccess: { rejected: BigInt(rejected), errorMessage: messages.join("; ") } };
  }
}
