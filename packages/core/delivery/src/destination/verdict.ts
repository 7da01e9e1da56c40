import { type ConsumeError, PartialError } from "@dbintel/errors";
import type { ExportResponse } from "@dbintel/pdata";
import { quote } from "./quotation.ts";

/** What an answer means for the data. */
export type Verdict =
  /** Taken; `warning` is something that a person should read. */
  { readonly kind: "taken"; readonly warning?: string } | { readonly kind: "failed"; readonly error: ConsumeError };

/**
 * Judges what an OTLP server says of data that it took (OTLP 1.11, "Partial Success"). `label` is the server as
 * messages may show it, `secrets` are texts that it might repeat and no message may hold.
 */
export function verdictOnSuccess(
  { partialSuccess }: ExportResponse,
  { label, secrets }: { readonly label: string; readonly secrets: readonly string[] },
): Verdict {
  if (partialSuccess === undefined) return { kind: "taken" };
  const message = quote(partialSuccess.errorMessage, secrets);
  if (partialSuccess.rejected > 0n) {
    const rejected = Number(partialSuccess.rejected);
    const error = new PartialError(`${label} rejected ${rejected} items: ${message || "no reason given"}`, {
      rejected,
    });
    return { kind: "failed", error };
  }
  return message === "" ? { kind: "taken" } : { kind: "taken", warning: `${label} took the data and says: ${message}` };
}
