import { eachLine, type LogEntry, type LogPiece, type LogReader, timeOf } from "./log-entry.ts";

const firstBytes = Buffer.from('{"timestamp":');

/** Reads a log of `log_destination = jsonlog` (PostgreSQL 15 and later): an object on each line. */
export class JsonLog implements LogReader {
  readonly #zoneSeconds: number;

  constructor(options: { readonly zoneSeconds: number }) {
    this.#zoneSeconds = options.zoneSeconds;
  }

  read(bytes: Buffer, { seeking }: { readonly seeking: boolean }): LogPiece {
    const entries: LogEntry[] = [];
    let skipped = 0;
    let lost = seeking;
    const consumed = eachLine(bytes, (start, end) => {
      const line = bytes.subarray(start, end);
      const begins = line.subarray(0, firstBytes.length).equals(firstBytes);
      const entry = begins ? this.#entry(line.toString("utf8")) : undefined;
      if (entry !== undefined) entries.push(entry);
      else skipped += line.length + 1;
      lost = false;
    });
    return { entries, consumed, seeking: lost, skipped };
  }

  #entry(line: string): LogEntry | undefined {
    const members = objectIn(line);
    if (members === undefined) return undefined;
    const text = (name: string) => {
      const value = members[name];
      return typeof value === "string" ? value : undefined;
    };
    return {
      timeMicros: timeOf(text("timestamp") ?? "", this.#zoneSeconds),
      pid: typeof members.pid === "number" ? members.pid : undefined,
      sessionId: text("session_id"),
      database: text("dbname"),
      user: text("user"),
      severity: text("error_severity") ?? "",
      sqlState: text("state_code"),
      message: text("message") ?? "",
      detail: text("detail"),
      context: text("context"),
      statement: text("statement"),
      // It is the last member; JSON.parse would round it.
      queryId: nonZero(/"query_id":(-?\d+)\}$/.exec(line)?.[1]),
    };
  }
}

function objectIn(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** Without one the server writes 0. */
export function nonZero(queryId: string | undefined): string | undefined {
  return queryId === "0" || queryId === "" ? undefined : queryId;
}
