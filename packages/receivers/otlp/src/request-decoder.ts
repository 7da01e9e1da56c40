import { isDbintelError } from "@dbintel/errors";
import { type Batch, decode, decodeJson, type OtlpEncoding, type Signal } from "@dbintel/pdata";
import { badRequest } from "./failure.ts";

/** The batch that a body holds. Throws the answer 400, which says what is wrong and at which byte. */
export function decodeRequest(signal: Signal, encoding: OtlpEncoding, body: Buffer): Batch {
  try {
    return encoding === "json" ? decodeJson(signal, body) : decode(signal, body);
  } catch (reason) {
    if (isDbintelError(reason)) throw badRequest(reason.message);
    throw reason;
  }
}
