import type { ConsumeError } from "@dbintel/errors";
import type { DropReason } from "./outcome.ts";

/** Who is told what became of the items of one `consume` call, which may travel in several requests. */
export interface Fate {
  /** The destination took these items. */
  sent(items: number): void;
  /** The destination took the request and rejected these items of it. */
  rejected(items: number, error: ConsumeError): void;
  /** The request that these items were in was not taken. */
  failed(items: number, reason: DropReason, error: ConsumeError): void;
  /** These items go on as a part of something else, which has been counted. */
  moved(items: number): void;
}
