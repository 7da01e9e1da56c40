import type { Line } from "./console-line.ts";
import type { Printable } from "./printable.ts";

/** Words of our own prose, without anything that is said of somebody or is a secret. */
const prose = /^[\p{L}\p{N}_ ,.;:()'"/-]*$/u;
/** Ids, versions, paths, `host:port`, states: no run of digits or letters that a number of somebody or a key has. */
const token = /^[\w./~@+-]{0,64}(?::\d{1,5})?$/;
const telling = /\d{4}|[A-Za-z0-9]{16}|@|passw|pwd|secret|token|bearer|basic|apikey|key|credential|identified/i;

/** Whether a look at the line is needed before it may be written: most lines of a healthy collector need none. */
export function isPlain({ message, fields }: Pick<Line, "message" | "fields">): boolean {
  return (
    isPlainText(message) && Object.entries(fields).every(([key, value]) => !telling.test(key) && isPlainValue(value))
  );
}

function isPlainValue(value: Printable): boolean {
  if (typeof value === "string") return isPlainText(value);
  if (typeof value === "number") return Math.abs(value) < 1e8 || !Number.isInteger(value);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, each]) => !telling.test(key) && isPlainValue(each));
}

function isPlainText(text: string): boolean {
  const withoutPort = text.replace(/:\d{1,5}$/, "");
  return (prose.test(text) || token.test(text)) && !telling.test(withoutPort);
}
