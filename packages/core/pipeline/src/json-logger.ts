import { isDbintelError } from "@dbintel/errors";
import type { Clock } from "./clock.ts";
import type { LogFields, Logger } from "./host.ts";

/** Levels from the most to the least talkative. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** The default logger of an embedded pipeline: one JSON object a line, `{"level","time","msg",…fields}`. */
export function jsonLogger(options: {
  /** Lines below this level are not written. */
  readonly level: LogLevel;
  readonly clock: Clock;
  readonly write: (line: string) => void;
}): Logger {
  const { level, clock, write } = options;
  const least = logLevels.indexOf(level);
  const at = (own: LogLevel) => (fields: LogFields, message: string) => {
    if (logLevels.indexOf(own) < least) return;
    const time = new Date(Number(clock.unixNano() / 1_000_000n)).toISOString();
    write(`${JSON.stringify({ level: own, time, msg: message, ...fields }, plain)}\n`);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** What JSON has no words for: errors and 64-bit integers. Secrets say `[REDACTED]` by their own `toJSON`. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (isDbintelError(value)) return { code: value.code, message: value.message, hint: value.hint };
  if (value instanceof Error) return { message: value.message, stack: value.stack };
  return value;
}
