import type { Clock, LogFields, Logger } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";

/** Lines of the same level, component and message that pass in a window before the rest is held back. */
const passing = 10;
const windowMs = 60_000;
/** Different lines that are told apart. */
const remembered = 1000;

interface Window {
  readonly startMs: number;
  lines: number;
}

/**
 * Keeps a failure that repeats from filling the disk: of lines alike in level, component and message ten pass in a
 * minute, and the first of the next minute says how many were held back.
 */
export function holdBackRepeats(logger: Logger, clock: Clock): Logger {
  const windows = new LRUCache<string, Window>({ max: remembered });
  const at = (level: keyof Logger) => (fields: LogFields, message: string) => {
    const key = `${level} ${String(fields["otelcol.component.kind"])} ${String(fields["otelcol.component.id"])} ${message}`;
    const nowMs = clock.monotonicMs();
    const window = windows.get(key);
    if (window === undefined || nowMs - window.startMs >= windowMs) {
      const heldBack = Math.max(0, (window?.lines ?? 0) - passing);
      windows.set(key, { startMs: nowMs, lines: 1 });
      logger[level](heldBack === 0 ? fields : { ...fields, held_back: heldBack }, message);
      return;
    }
    window.lines += 1;
    if (window.lines <= passing) logger[level](fields, message);
  };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}
