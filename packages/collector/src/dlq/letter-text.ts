import { type DeadLetter, letterId, letterJson } from "@dbintel/delivery";
import { printable } from "@dbintel/watching";
import { textTable } from "../text-table.ts";

/** A dead letter and the exporter that could not deliver it. */
export interface Listed {
  readonly exporter: string;
  readonly letter: DeadLetter;
}

/** One line a letter, oldest first for each exporter. */
export function letterTable(listed: readonly Listed[], nowMs: number): string {
  const columns = [
    { title: "id" },
    { title: "exporter" },
    { title: "signal" },
    { title: "items", align: "right" },
    { title: "reason" },
    { title: "tries", align: "right" },
    { title: "seen", align: "right" },
    { title: "age", align: "right" },
    { title: "error" },
  ] as const;
  const rows = listed.map(({ exporter, letter }) => [
    ...[letterId(letter), exporter, letter.signal, String(letter.items), letter.reason],
    ...[String(letter.attempts), String(letter.count), ageText(nowMs - letter.lastUnixMs), errorText(letter)],
  ]);
  return textTable(columns, rows);
}

/** What is known of a letter, a line for each. */
export function letterText({ exporter, letter }: Listed): string {
  const lines = Object.entries(letterJson(exporter, letter)).filter(([, value]) => value !== undefined);
  return lines.map(([name, value]) => `${`${name}:`.padEnd(16)} ${printable(String(value))}`).join("\n");
}

function errorText({ code, httpStatus, message }: DeadLetter): string {
  const status = httpStatus === undefined ? code : `${httpStatus}`;
  const text = printable(message);
  return `${status} ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`;
}

/** The largest unit alone: `3d`, `5h`, `12m`, `40s`. */
function ageText(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds >= 86_400) return `${Math.floor(seconds / 86_400)}d`;
  if (seconds >= 3600) return `${Math.floor(seconds / 3600)}h`;
  return seconds >= 60 ? `${Math.floor(seconds / 60)}m` : `${seconds}s`;
}
