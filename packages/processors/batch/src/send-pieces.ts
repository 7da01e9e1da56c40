import { type ConsumeError, PartialError, toConsumeError } from "@dbintel/errors";
import type { Batch, Signal } from "@dbintel/pdata";
import type { ComponentAccounting, ConsumeContext, Consumer } from "@dbintel/pipeline";

interface Rejection {
  readonly failure: ConsumeError;
  readonly items: number;
}

/**
 * Sends the pieces of one batch in order and answers for all of them as one call does:
 * - resolves when every piece was taken;
 * - rejects at the first piece that may be sent again, although earlier ones were taken: losing nothing comes before
 *   sending nothing twice;
 * - after pieces that were rejected for good goes on with the rest, and rejects with how much was lost.
 *
 * The edges count each piece that was taken, and the whole batch as refused when this rejects with anything but a
 * `PartialError`. What neither sees is counted here: items that will come again although they were taken, and items
 * that are lost although the call counts as taken.
 */
export async function sendPieces(args: {
  readonly signal: Signal;
  readonly pieces: readonly Batch[];
  readonly next: Consumer;
  readonly context: ConsumeContext;
  readonly accounting: ComponentAccounting;
}): Promise<void> {
  const { signal, pieces, next, context, accounting } = args;
  let taken = 0;
  let lost = 0;
  const rejections: Rejection[] = [];
  for (const piece of pieces) {
    const { count } = piece;
    try {
      await next.consume(piece, context);
      taken += count;
    } catch (reason) {
      const failure = toConsumeError(reason);
      if (failure.kind === "partial") {
        taken += count;
        rejections.push({ failure, items: failure.rejected });
      } else if (failure.kind === "permanent") {
        lost += count;
        rejections.push({ failure, items: count });
      } else {
        accounting.received(signal, taken);
        throw failure;
      }
    }
  }
  const [first] = rejections;
  if (first === undefined) return;
  if (taken === 0 || pieces.length === 1) throw first.failure;
  accounting.dropped(signal, lost, "rejected");
  const rejected = rejections.reduce((sum, { items }) => sum + items, 0);
  throw new PartialError(first.failure.message, { rejected, cause: first.failure });
}
