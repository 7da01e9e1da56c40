import { isDbintelError } from "@dbintel/errors";
import type { Clock, LogFields, Logger, LogLevel } from "@dbintel/pipeline";
import { logLevels } from "@dbintel/pipeline";

const colours: Readonly<Record<LogLevel, number>> = { debug: 90, info: 36, warn: 33, error: 31 };

/**
 * One line a message for people: time, level, component, message, fields; an error's code and what to do about it.
 * Secrets print as `[REDACTED]` by their own `toJSON`.
 */
export function consoleLogger(options: {
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Whether the output is a terminal. */
  readonly colour: boolean;
  readonly write: (line: string) => void;
}): Logger {
  const { level, clock, colour, write } = options;
  const least = logLevels.indexOf(level);
  const at = (own: LogLevel) => (fields: LogFields, message: string) => {
    if (logLevels.indexOf(own) < least) return;
    const time = new Date(Number(clock.unixNano() / 1_000_000n)).toISOString();
    const label = own.toUpperCase().padEnd(5);
    const shown = colour ? `\u001b[${colours[own]}m${label}\u001b[0m` : label;
    write(`${[time, shown, ...componentOf(fields), message, ...restOf(fields)].join(" ")}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

const kindField = "otelcol.component.kind";
const idField = "otelcol.component.id";
const pipelineField = "otelcol.pipeline.id";
const apart = new Set([kindField, idField, pipelineField]);

function componentOf(fields: LogFields): readonly string[] {
  const { [kindField]: kind, [idField]: id, [pipelineField]: pipeline } = fields;
  if (id === undefined) return [];
  return [`[${String(kind)} ${String(id)}${pipeline === undefined ? "" : ` in ${String(pipeline)}`}]`];
}

function restOf(fields: LogFields): readonly string[] {
  return Object.entries(fields)
    .filter(([name, value]) => !apart.has(name) && value !== undefined)
    .map(([name, value]) => (value instanceof Error ? errorText(value) : `${name}=${valueText(value)}`));
}

function errorText(error: Error): string {
  if (!isDbintelError(error)) return `error=${JSON.stringify(error.message)}`;
  const hint = error.hint === undefined ? "" : ` → ${error.hint}`;
  return `${error.message} (${error.code})${hint}`;
}

function valueText(value: unknown): string {
  if (typeof value === "bigint") return value.toString();
  return typeof value === "string" && /^[\w.:/-]+$/.test(value) ? value : (JSON.stringify(value) ?? String(value));
}
