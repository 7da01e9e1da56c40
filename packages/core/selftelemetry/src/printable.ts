import { driverMessage, isDbintelError } from "@dbintel/errors";

/** What a log line may hold: JSON without surprises. */
export type Printable = null | boolean | number | string | readonly Printable[] | { readonly [key: string]: Printable };

const maxDepth = 6;
const maxElements = 100;
const maxText = 8192;

/**
 * Turns any value that a component logs into plain JSON, bounded in depth, breadth and length. It never throws.
 *
 * - A `Secret`, like anything with a `toJSON`, says what its `toJSON` says: `[REDACTED]`.
 * - An error becomes message, code and hint, its cause likewise; a stack is printed only for a defect: an error that is
 *   not ours, unless it is the answer of a system or a driver, with a code, that one of ours has for its cause. Other
 *   properties of errors are left out: drivers put rows and parameters there. Of a database's message the values that it
 *   repeats are left out too.
 */
export function printable(value: unknown): Printable {
  try {
    return convert(value, 0);
  } catch (error) {
    return `[not printable: ${error instanceof Error ? error.message : "unknown"}]`;
  }
}

function convert(value: unknown, depth: number): Printable {
  switch (typeof value) {
    case "string":
      return value.length > maxText ? `${value.slice(0, maxText)}… (${value.length} characters)` : value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "object":
      return value === null ? null : fromObject(value, depth);
    default:
      return String(value);
  }
}

function fromObject(value: object, depth: number): Printable {
  if (depth >= maxDepth) return "[too deep]";
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if ("toJSON" in value && typeof value.toJSON === "function") return convert(value.toJSON(), depth + 1);
  if (value instanceof Error) return fromError(value, depth);
  if (value instanceof Map || value instanceof Set) return convert([...value], depth);
  if (Array.isArray(value)) return value.slice(0, maxElements).map((element) => convert(element, depth + 1));
  const entries = Object.entries(value).slice(0, maxElements);
  return Object.fromEntries(
    entries.flatMap(([key, element]) => (element === undefined ? [] : [[key, convert(element, depth + 1)]])),
  );
}

function fromError(error: Error, depth: number): Printable {
  if (!isDbintelError(error)) return fromForeignError(error, depth, false);
  const { code, message, cause } = error;
  const hint = error.hint === undefined ? {} : { hint: error.hint };
  const explained = code !== "DBI_INTERNAL";
  if (explained && cause instanceof Error && !isDbintelError(cause)) {
    return { code, message, ...hint, cause: fromForeignError(cause, depth + 1, true) };
  }
  return { code, message, ...hint, ...causeOf(error, depth) };
}

/** An error of Node or of a driver; `explained` when it is the cause of an error of ours that says what it means. */
function fromForeignError(error: Error, depth: number, explained: boolean): Printable {
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const more = code === undefined ? {} : { code };
  const message = driverMessage({ code: code ?? "", message: error.message });
  // A stack begins with the message.
  const defect = message === error.message && !(explained && code !== undefined);
  const stack = defect ? { stack: convert(error.stack, depth + 1) } : {};
  return { name: error.name, message, ...more, ...stack, ...causeOf(error, depth) };
}

function causeOf({ cause }: Error, depth: number): { readonly cause?: Printable } {
  return cause === undefined ? {} : { cause: convert(cause, depth + 1) };
}
