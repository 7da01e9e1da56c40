import { nonZero } from "./json-log.ts";
import { eachLine, type LogEntry, type LogPiece, type LogReader, timeOf } from "./log-entry.ts";

const quote = 0x22;
const comma = 0x2c;
const newline = 0x0a;

/** `2026-03-02 10:00:00.123 UTC,`: a message may have a line that looks like it, which then has too few columns. */
const beginsRecord = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,"]{1,40},/;
const longestBegin = 80;
/** Those of PostgreSQL 13; later versions add `leader_pid` and `query_id`. */
const fewestColumns = 23;

/** Places of the columns, PostgreSQL's manual 20.8.4. */
const column = {
  time: 0,
  user: 1,
  database: 2,
  pid: 3,
  sessionId: 5,
  severity: 11,
  sqlState: 12,
  message: 13,
  detail: 14,
  context: 18,
  statement: 19,
  queryId: 25,
} as const;

/** Reads a log of `log_destination = csvlog`. */
export class CsvLog implements LogReader {
  readonly #zoneSeconds: number;

  constructor(options: { readonly zoneSeconds: number }) {
    this.#zoneSeconds = options.zoneSeconds;
  }

  read(bytes: Buffer, { seeking }: { readonly seeking: boolean }): LogPiece {
    let start = seeking ? firstRecord(bytes) : 0;
    if (start === undefined) {
      const end = bytes.lastIndexOf(newline) + 1;
      return { entries: [], consumed: end, seeking: true, skipped: end };
    }
    const entries: LogEntry[] = [];
    let skipped = start;
    for (;;) {
      const end = endOfRecord(bytes, start);
      if (end === undefined) return { entries, consumed: start, seeking: false, skipped };
      const entry = this.#entry(fieldsOf(bytes.toString("utf8", start, end)));
      if (entry === undefined) skipped += end + 1 - start;
      else entries.push(entry);
      start = end + 1;
    }
  }

  #entry(fields: readonly string[]): LogEntry | undefined {
    const pid = Number(fields[column.pid]);
    if (fields.length < fewestColumns || !Number.isInteger(pid)) return undefined;
    const text = (place: number) => fields[place] || undefined;
    return {
      timeMicros: timeOf(fields[column.time] ?? "", this.#zoneSeconds),
      pid,
      sessionId: text(column.sessionId),
      database: text(column.database),
      user: text(column.user),
      severity: text(column.severity) ?? "",
      sqlState: text(column.sqlState),
      message: text(column.message) ?? "",
      detail: text(column.detail),
      context: text(column.context),
      statement: text(column.statement),
      queryId: nonZero(text(column.queryId)),
    };
  }
}

function firstRecord(bytes: Buffer): number | undefined {
  let found: number | undefined;
  const last = eachLine(bytes, (start) => {
    if (found === undefined && begins(bytes, start)) found = start;
  });
  return found ?? (begins(bytes, last) ? last : undefined);
}

function begins(bytes: Buffer, start: number): boolean {
  return beginsRecord.test(bytes.toString("latin1", start, start + longestBegin));
}

/** The newline that ends the record; `undefined` when it is not there yet. */
function endOfRecord(bytes: Buffer, start: number): number | undefined {
  let quoted = false;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === quote) quoted = !quoted;
    else if (byte === newline && !quoted) return at;
  }
  return undefined;
}

function fieldsOf(record: string): readonly string[] {
  const fields: string[] = [];
  let at = 0;
  while (at <= record.length) {
    if (record.charCodeAt(at) !== quote) {
      const end = record.indexOf(",", at);
      fields.push(record.slice(at, end < 0 ? record.length : end));
      at = end < 0 ? record.length + 1 : end + 1;
      continue;
    }
    let text = "";
    at++;
    for (;;) {
      const end = record.indexOf('"', at);
      text += record.slice(at, end < 0 ? record.length : end);
      at = end < 0 ? record.length : end + 1;
      if (record.charCodeAt(at) !== quote) break;
      text += '"';
      at++;
    }
    fields.push(text);
    at = record.charCodeAt(at) === comma ? at + 1 : record.length + 1;
  }
  return fields;
}
