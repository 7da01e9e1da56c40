import { styleText } from "node:util";
import type { LogLevel } from "@dbintel/pipeline";
import type { Printable } from "./printable.ts";

/** A line of the log before it has a form. */
export interface Line {
  readonly level: LogLevel;
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly message: string;
  readonly fields: Readonly<Record<string, Printable>>;
}

const colours = { debug: "gray", info: "green", warn: "yellow", error: "red" } as const;

/**
 * One readable line: time, level, the component in brackets, the message, the fields as `key=value`, and last what to
 * do about an error. Line breaks and control characters in values are escaped: a line is always one line.
 */
export function consoleLine({ level, time, message, fields }: Line, options: { readonly colour: boolean }): string {
  const {
    "otelcol.component.kind": kind,
    "otelcol.component.id": id,
    "otelcol.pipeline.id": pipeline,
    error,
    ...rest
  } = fields;
  const name = level.toUpperCase().padEnd(5);
  const parts = [time, options.colour ? styleText(colours[level], name, { validateStream: false }) : name];
  if (id !== undefined) {
    const place = pipeline === undefined ? [] : ["in", String(pipeline)];
    parts.push(`[${[String(kind), String(id), ...place].join(" ")}]`);
  }
  parts.push(escaped(message));
  for (const [key, value] of Object.entries(rest)) parts.push(`${key}=${quoted(value)}`);
  if (error !== undefined) parts.push(errorPart(error));
  return `${parts.join(" ")}\n`;
}

/** An error as `error="message" code=… hint="…"`, with the messages of its causes; a stack last. */
function errorPart(error: Printable): string {
  if (typeof error !== "object" || error === null || !("message" in error)) return `error=${quoted(error)}`;
  const { message, code, hint, stack } = error;
  const parts = [`error=${quoted(message ?? "")}`];
  for (const [key, value] of Object.entries({ code, hint, stack })) {
    if (value !== undefined) parts.push(`${key}=${quoted(value)}`);
  }
  if ("cause" in error && error.cause !== undefined && !isTold(error.cause, message)) {
    parts.push(`cause: ${errorPart(error.cause)}`);
  }
  return parts.join(" ");
}

/** Whether the message holds what its cause says, and there is nothing more to the cause. */
function isTold(cause: Printable, message: Printable | undefined): boolean {
  if (typeof cause !== "object" || cause === null || !("message" in cause)) return false;
  const { message: words, hint, stack } = cause;
  if (hint !== undefined || stack !== undefined || typeof words !== "string" || typeof message !== "string")
    return false;
  return message.includes(words) && (!("cause" in cause) || isTold(cause.cause ?? null, message));
}

function quoted(value: Printable): string {
  if (typeof value === "string" && /^[\w./:@%+-]+$/.test(value)) return value;
  return escaped(JSON.stringify(value));
}

/** What a terminal would act on instead of showing: control characters, also those above ASCII. */
function escaped(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}
