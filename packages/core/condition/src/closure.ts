import type { AnyValue } from "@dbintel/pdata";

/** Whether an expression has the outcome that it was compiled for. */
export type Truth<T> = (item: T) => boolean;

/** The outcome of a test; `undefined` is CEL's error: something is absent or of the wrong type. */
export type Answer<T> = (item: T) => boolean | undefined;

/** The value of an expression; `undefined` is CEL's error. */
export type Value<T> = (item: T) => AnyValue | undefined;

/** The UTF-8 bytes of a text without decoding; `undefined` when there is none or it is no text. */
export type Utf8Reader<T> = (item: T) => Uint8Array | undefined;
