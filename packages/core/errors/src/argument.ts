import { DbintelError } from "./dbintel-error.ts";

/**
 * What a caller without types handed over, in words such as "a number", "undefined" or "an array". Never its content,
 * which may hold anything.
 */
export function kindOf(given: unknown): string {
  if (given === null || given === undefined) return String(given);
  if (Array.isArray(given)) return "an array";
  if (given instanceof ArrayBuffer) return "an ArrayBuffer";
  if (ArrayBuffer.isView(given)) return "bytes";
  return typeof given === "object" ? "an object" : `a ${typeof given}`;
}

/** The error for an argument that the types of a function rule out: `DBI_ARGUMENT`. */
export function argumentError(args: {
  /** What belongs in its place, such as "the text of a statement". */
  readonly expected: string;
  readonly given: unknown;
  readonly hint: string;
}): DbintelError {
  const message = `expected ${args.expected}, found ${kindOf(args.given)}`;
  return new DbintelError(message, { code: "DBI_ARGUMENT", hint: args.hint });
}
