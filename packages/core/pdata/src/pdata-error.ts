import { DbintelError, type ErrorCode } from "@dbintel/errors";

/** What a {@link PdataError} is made of beside its message. */
export interface PdataErrorInit {
  readonly code: ErrorCode;
  /** Byte offset in the input at which the problem was found; -1 where there is no input. */
  readonly offset?: number;
  readonly hint?: string;
}

/**
 * Bytes, text or a value that is not OTLP. Never retryable: the same input fails in the same way, so a listener
 * answers 400 (INVALID_ARGUMENT).
 */
export class PdataError extends DbintelError {
  override readonly name = "PdataError";
  /** Byte offset in the input at which the problem was found; -1 where there is no input. */
  readonly offset: number;

  constructor(message: string, init: PdataErrorInit) {
    const offset = init.offset ?? -1;
    super(offset < 0 ? message : `${message} at byte ${offset}`, {
      code: init.code,
      ...(init.hint === undefined ? {} : { hint: init.hint }),
    });
    this.offset = offset;
  }
}

/** A value that was handed to the lens or to a builder and does not fit the field. */
export function valueError(message: string): PdataError {
  return new PdataError(message, { code: "DBI_PDATA_VALUE" });
}
