import { type Clock, type LogFields, type Logger, type LogLevel, logLevels } from "@dbintel/pipeline";
import type { LogSettings } from "./config.ts";
import { consoleLine, type Line } from "./console-line.ts";
import { LineSampler } from "./line-sampler.ts";
import { LineScrubber } from "./line-scrubber.ts";
import { printable } from "./printable.ts";

/** The collector's logger with what only its owner does. */
export interface OwnLogger extends Logger {
  /** Lines below it are not written. */
  level: LogLevel;
  /** Says what was left out and not said yet; resolves when everything is written. */
  flush(): Promise<void>;
}

export interface LoggerOptions {
  readonly settings: LogSettings;
  readonly clock: Clock;
  readonly write: (text: string) => void;
  /** Whether levels may be coloured. */
  readonly colour: boolean;
}

/** Makes the logger of the settings; pino is loaded only where JSON is asked for. */
export async function createLogger(options: LoggerOptions): Promise<OwnLogger> {
  const { settings, write, colour } = options;
  const encode =
    settings.encoding === "console"
      ? (line: Line) => write(consoleLine(line, { colour }))
      : (await import("./json-lines.ts")).jsonLines(write);
  return levels(options, encode);
}

function levels({ settings, clock }: LoggerOptions, encode: (line: Line) => void): OwnLogger {
  const scrubber = new LineScrubber(encode);
  let least = logLevels.indexOf(settings.level);
  const put = (level: LogLevel, fields: LogFields, message: string) => {
    const time = new Date(Number(clock.unixNano() / 1_000_000n)).toISOString();
    const all = Object.entries({ ...settings.initial_fields, ...fields }).filter(([, value]) => value !== undefined);
    scrubber.put({
      level,
      time,
      message,
      fields: Object.fromEntries(all.map(([key, value]) => [key, printable(value)])),
    });
  };
  const sampler = new LineSampler({
    clock,
    settings: settings.sampling,
    onSuppressed: (key, lines) => {
      const [level, component, message] = JSON.parse(key) as [LogLevel, LogFields, string];
      put(level, { ...component, suppressed: lines }, `more lines like this were left out: ${message}`);
    },
  });
  const at = (level: LogLevel) => (fields: LogFields, message: string) => {
    if (logLevels.indexOf(level) < least) return;
    const { "otelcol.component.kind": kind, "otelcol.component.id": id } = fields;
    const component = { "otelcol.component.kind": kind, "otelcol.component.id": id };
    const key = JSON.stringify([level, component, message]);
    if (sampler.passes(key)) put(level, fields, message);
  };
  return {
    get level() {
      return logLevels[least] ?? settings.level;
    },
    set level(level) {
      least = logLevels.indexOf(level);
    },
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    flush: async () => {
      sampler.flush();
      await scrubber.flush();
    },
  };
}
