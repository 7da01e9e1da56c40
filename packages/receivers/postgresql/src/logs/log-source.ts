import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { DbintelError } from "@dbintel/errors";
import { number, text } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { identifier, type ProblemContext } from "../connection/problems.ts";
import { CsvLog } from "./csv-log.ts";
import { JsonLog } from "./json-log.ts";
import { LinePrefix } from "./line-prefix.ts";
import { type LogAccess, logAccess } from "./log-access.ts";
import type { LogFormat, LogReader } from "./log-entry.ts";
import { LocalLogFiles, type LogFiles, ServerLogFiles } from "./log-files.ts";
import { StderrLog } from "./stderr-log.ts";

/** A log that can be read. */
export interface OpenLog {
  readonly files: LogFiles;
  readonly reader: LogReader;
}

/** Finds the log of a server: what it says where it writes to, or where the configuration says. */
export class LogSource {
  readonly #server: KnownServer;
  readonly #path: string | undefined;
  /** What a session was seen to have the grants for. */
  #granted: { readonly session: number | undefined; readonly access: LogAccess } | undefined;

  constructor(options: { readonly server: KnownServer; readonly path: string | undefined }) {
    this.#server = options.server;
    this.#path = options.path;
  }

  /** `absent` where the server writes no file of its own and the configuration names none, `denied` where a grant is missing. */
  async open(signal: AbortSignal): Promise<OpenLog | "absent" | "denied"> {
    const { connection } = this.#server;
    const { versionNumber } = await this.#server.capabilities(signal);
    const access = await this.#access(signal);
    if (access === undefined) return "denied";
    const formats: readonly LogFormat[] =
      versionNumber >= 150_000 ? ["jsonlog", "csvlog", "stderr"] : ["csvlog", "stderr"];
    const [row = {}] = await connection.query(
      `SELECT ${formats.map((format) => `${access.current}('${format}') AS ${format}`).join(", ")},
              current_setting('log_line_prefix') AS prefix,
              date_part('epoch', (now() AT TIME ZONE current_setting('log_timezone')) - (now() AT TIME ZONE 'UTC')) AS zone`,
      [],
      signal,
    );
    const zoneSeconds = number(row, "zone") ?? 0;
    // The format that says most.
    const found = formats.find((format) => text(row, format) !== undefined);
    const current = found === undefined ? undefined : text(row, found);
    const local = await this.#localPath(current);
    const path = local ?? current;
    if (path === undefined) return "absent";
    return {
      files: local === undefined ? new ServerLogFiles(connection, path, access) : new LocalLogFiles(local),
      reader: readerOf(formatOf(path), { zoneSeconds, prefix: text(row, "prefix") ?? "" }),
    };
  }

  async #access(signal: AbortSignal): Promise<LogAccess | undefined> {
    const { connection } = this.#server;
    const { session } = connection;
    if (session !== undefined && this.#granted?.session === session) return this.#granted.access;
    const access = await logAccess(connection, signal, { local: this.#path !== undefined });
    if (access !== undefined) this.#granted = { session: connection.session, access };
    return access;
  }

  /** The configured file, or in the configured folder the one that the server writes to. */
  async #localPath(current: string | undefined): Promise<string | undefined> {
    if (this.#path === undefined) return undefined;
    const found = await stat(this.#path).catch(() => undefined);
    return found?.isDirectory() === true && current !== undefined ? join(this.#path, basename(current)) : this.#path;
  }
}

function formatOf(path: string): LogFormat {
  if (path.endsWith(".json")) return "jsonlog";
  return path.endsWith(".csv") ? "csvlog" : "stderr";
}

function readerOf(format: LogFormat, options: { readonly zoneSeconds: number; readonly prefix: string }): LogReader {
  if (format === "jsonlog") return new JsonLog(options);
  if (format === "csvlog") return new CsvLog(options);
  return new StderrLog({ ...options, prefix: new LinePrefix(options.prefix) });
}

/** The server writes no file that could be read. */
export function noLogFile({ endpoint }: ProblemContext): DbintelError {
  return new DbintelError(`${endpoint} writes its log to no file of its own`, {
    code: "DBI_DATABASE_QUERY",
    hint:
      "run as superuser: ALTER SYSTEM SET logging_collector = on; and restart the server; or set log_collection.path to " +
      "the file that its output is written to",
  });
}

/** The grants that reading the log through the server takes. */
export function logNotReadable({ endpoint, username, database }: ProblemContext): DbintelError {
  return new DbintelError(`user ${identifier(username)} may not read the log of ${endpoint}`, {
    code: "DBI_DATABASE_PERMISSION",
    hint:
      `run as superuser in database ${identifier(database)} what dbintel doctor --fix-sql prints, or the last part of ` +
      "deploy/postgresql/grants.sql: it opens the log and no other file; or set log_collection.path",
  });
}
