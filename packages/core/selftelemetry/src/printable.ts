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
 * - An error becomes message, code and hint, its cause likewise; a stack is printed only for an error that is not
 *   ours, which is a defect. Other properties of errors are left out: drivers put rows and parameters there. Of a
 *   database's message the values that it repeats are left out too.
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
  const cause = error.cause === undefined ? {} : { cause: convert(error.cause, depth + 1) };
  if (isDbintelError(error)) {
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { code: error.code, message: error.message, ...hint, ...cause };
  }
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  const more = code === undefined ? {} : { code };
  const message = driverMessage({ code: code ?? "", message: error.message });
  // A stack begins with the message.
  const stack = message === error.message ? { stack: convert(error.stack, depth + 1) } : {};
  return { name: error.name, message, ...more, ...stack, ...cause };
}
