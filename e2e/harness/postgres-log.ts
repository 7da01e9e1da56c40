/** What a session asked, or how the server turned it away. */
export interface PostgresLogEntry {
  readonly unixMs: number;
  readonly user: string;
  /** The process that served the session. */
  readonly pid: number;
  readonly kind: "statement" | "refusal";
  readonly text: string;
}

/** The settings that make a server write what {@link readPostgresLog} reads. */
export const postgresLogSettings = {
  log_statement: "all",
  log_line_prefix: "%m|%u|%p|",
  log_timezone: "UTC",
} as const;

const line =
  /^(\S+ \S+) UTC\|([^|]*)\|(\d+)\|(?:LOG: {2}(?:statement|execute [^:]+): (.*)|FATAL: {2}(.*(?:too many clients|connection slots).*))$/gm;

export function readPostgresLog(log: string): readonly PostgresLogEntry[] {
  return [...log.matchAll(line)].map(([, time = "", user = "", pid = "", statement, refusal = ""]) => ({
    unixMs: Date.parse(`${time.replace(" ", "T")}Z`),
    user,
    pid: Number(pid),
    kind: statement === undefined ? "refusal" : "statement",
    text: statement ?? refusal,
  }));
}
