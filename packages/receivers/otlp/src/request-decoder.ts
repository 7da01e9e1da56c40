import { isDbintelError } from "@dbintel/errors";
import { type Batch, decode, decodeJson, type OtlpEncoding, type Signal, salvage } from "@dbintel/pdata";
import { badRequest } from "./failure.ts";

/** What a body holds. */
export interface Received {
  readonly batch: Batch;
  /** The items that were left out because they are not OTLP; absent when there were none. */
  readonly malformed?: { readonly count: number; readonly message: string };
}

/**
 * The batch that a body holds. Where only single items are malformed it holds the others. Throws the answer 400, which
 * says what is wrong and at which byte, when none is sound or the fault lies in what they have in common.
 */
export function decodeRequest(signal: Signal, encoding: OtlpEncoding, body: Buffer): Received {
  try {
    return { batch: encoding === "json" ? decodeJson(signal, body) : decode(signal, body) };
  } catch (reason) {
    if (!isDbintelError(reason)) throw reason;
    return soundItems(signal, encoding, body);
  }
}

const itemNames = { logs: "log record", metrics: "metric", traces: "span" } as const;

function soundItems(signal: Signal, encoding: OtlpEncoding, body: Buffer): Received {
  try {
    const { batch, rejected: count, first } = salvage(signal, encoding, body);
    if (first === undefined) return { batch };
    const what = `malformed items were left out: ${count}`;
    const message = `${what}; the first is in ${itemNames[signal]} ${first.position}: ${first.reason.message}`;
    return { batch, malformed: { count, message } };
  } catch (reason) {
    if (isDbintelError(reason)) throw badRequest(reason.message);
    throw reason;
  }
}
