/** How a server writes its log. */
export type LogFormat = "stderr" | "csvlog" | "jsonlog";

/** One message of a server's log. All texts are the server's and its users' own: nothing of them may leave as it is. */
export interface LogEntry {
  /** Microseconds since 1970; `undefined` where the prefix does not tell. */
  readonly timeMicros: bigint | undefined;
  readonly pid: number | undefined;
  /** `%c`: one for the life of a session. */
  readonly sessionId: string | undefined;
  readonly database: string | undefined;
  readonly user: string | undefined;
  /** `ERROR`, `LOG` … in the language of `lc_messages`. */
  readonly severity: string;
  /** SQLSTATE; `undefined` where the prefix does not tell. */
  readonly sqlState: string | undefined;
  readonly message: string;
  readonly detail: string | undefined;
  readonly context: string | undefined;
  readonly statement: string | undefined;
  /** As decimal text: it does not fit a number. */
  readonly queryId: string | undefined;
}

/** What a reader made of a piece of a log. */
export interface LogPiece {
  readonly entries: readonly LogEntry[];
  /** Bytes that are done with: what follows is the begin of an entry. */
  readonly consumed: number;
  /** Whether what follows is the middle of an entry whose begin is given up. */
  readonly seeking: boolean;
  /** Bytes that were left out on the way to the next entry. */
  readonly skipped: number;
}

/** Reads the pieces of a log in order. */
export interface LogReader {
  /** `final`: nothing will follow. `seeking`: the piece begins in the middle of something. */
  read(bytes: Buffer, options: { readonly final: boolean; readonly seeking: boolean }): LogPiece;
}

const newline = 0x0a;

/** Calls `onLine` with begin and end of each line; returns where the last line begins that has no end yet. */
export function eachLine(bytes: Buffer, onLine: (start: number, end: number) => void): number {
  let start = 0;
  for (let end = bytes.indexOf(newline); end >= 0; end = bytes.indexOf(newline, start)) {
    onLine(start, end);
    start = end + 1;
  }
  return start;
}

/** Of the server's `log_timezone`, seconds east of Greenwich. */
export function timeOf(text: string, zoneSeconds: number): bigint | undefined {
  const parts = /^(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?/.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 1, day = 1, hours = 0, minutes = 0, seconds = 0] = parts.slice(1, 7).map(Number);
  const ms = Date.UTC(year, month - 1, day, hours, minutes, seconds) - zoneSeconds * 1000;
  return BigInt(ms) * 1000n + BigInt((parts[7] ?? "").padEnd(6, "0"));
}
