import { pino } from "pino";
import type { Line } from "./console-line.ts";

/** Writes lines as pino does: `{"level":"info","time":"…",…fields,"msg":"…"}`. */
export function jsonLines(write: (text: string) => void): (line: Line) => void {
  let time = "";
  const log = pino(
    {
      level: "debug",
      base: null,
      timestamp: () => `,"time":"${time}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write },
  );
  return (line) => {
    time = line.time;
    log[line.level](line.fields, line.message);
  };
}
