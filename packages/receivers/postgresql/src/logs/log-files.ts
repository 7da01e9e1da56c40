import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join, posix } from "node:path";
import { DbintelError } from "@dbintel/errors";
import { integer, number, type Row, text } from "@dbintel/watching";
import type { DatabaseConnection } from "../connection/connection.ts";
import type { LogAccess } from "./log-access.ts";

/** A file of a log. */
export interface LogFile {
  readonly name: string;
  readonly size: number;
  readonly modifiedMs: number;
}

/** The files that a server writes its log to. */
export interface LogFiles {
  /** Those that may hold what was not read yet, the one that is written to last; the newest of many. */
  list(signal: AbortSignal): Promise<readonly LogFile[]>;
  /** At most `length` bytes; fewer at the end, `undefined` when the file is gone. */
  read(name: string, offset: number, length: number, signal: AbortSignal): Promise<Buffer | undefined>;
}

const mostFiles = 100;

/** Reads through the server: what the functions need is granted to the user, and no file system is shared. */
export class ServerLogFiles implements LogFiles {
  readonly #connection: DatabaseConnection;
  /** As `pg_current_logfile` tells it: relative to the data directory, or absolute. */
  readonly #current: string;
  readonly #narrow: boolean;

  constructor(connection: DatabaseConnection, current: string, access: LogAccess) {
    this.#connection = connection;
    this.#current = current;
    this.#narrow = access.read === "dbintel.read_log";
  }

  async list(signal: AbortSignal): Promise<readonly LogFile[]> {
    const rows = await this.#connection.query(
      `SELECT name, size, 1000 * date_part('epoch', modification) AS modified
         FROM pg_ls_logdir() ORDER BY modification DESC, name DESC LIMIT ${mostFiles}`,
      [],
      signal,
    );
    return inOrder(rows.map(fileOf), posix.basename(this.#current));
  }

  async read(name: string, offset: number, length: number, signal: AbortSignal): Promise<Buffer | undefined> {
    const path = this.#narrow ? name : posix.join(posix.dirname(this.#current), name);
    let found: Buffer | undefined;
    await this.#connection.readRows(
      `SELECT ${this.#narrow ? "dbintel.read_log($1, $2::int8, $3::int8)" : "pg_read_binary_file($1, $2::int8, $3::int8, true)"}`,
      [path, String(offset), String(length)],
      (bytes, start) => {
        // DataRow: int16 the number of fields, then for each an int32 its length, -1 for NULL, and its bytes.
        const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        const size = view.readInt32BE(start + 2);
        if (size >= 0) found = Buffer.from(view.subarray(start + 6, start + 6 + size));
      },
      signal,
    );
    return found;
  }
}

function fileOf(row: Row): LogFile {
  return {
    name: text(row, "name") ?? "",
    size: Number(integer(row, "size") ?? 0n),
    modifiedMs: number(row, "modified") ?? 0,
  };
}

/** Reads files of this machine. */
export class LocalLogFiles implements LogFiles {
  readonly #folder: string;
  readonly #current: string;

  /** `path` is the file that is written to. */
  constructor(path: string) {
    this.#folder = dirname(path);
    this.#current = basename(path);
  }

  async list(): Promise<readonly LogFile[]> {
    try {
      const names = (await readdir(this.#folder)).filter((name) => isLike(name, this.#current));
      const files: LogFile[] = [];
      for (const name of names) {
        const found = await stat(join(this.#folder, name));
        if (found.isFile()) files.push({ name, size: found.size, modifiedMs: found.mtimeMs });
      }
      return inOrder(files, this.#current).slice(-mostFiles);
    } catch (error) {
      throw unreadable(join(this.#folder, this.#current), error);
    }
  }

  async read(name: string, offset: number, length: number): Promise<Buffer | undefined> {
    try {
      await using file = await open(join(this.#folder, name));
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
      throw unreadable(join(this.#folder, name), error);
    }
  }
}

function unreadable(path: string, cause: unknown): DbintelError {
  return new DbintelError(`the server's log ${path} cannot be read`, {
    code: "DBI_DATABASE_PERMISSION",
    hint: "let the collector's user read it, for example as a member of the group of the log's directory, or remove log_collection.path",
    cause,
  });
}

/** Of the format that the current one has, by the ends of their names; the current one last. */
function inOrder(files: readonly LogFile[], current: string): readonly LogFile[] {
  const rank = ({ name }: LogFile) => (name === current ? 1 : 0);
  return files
    .filter(({ name }) => isLike(name, current))
    .toSorted(
      (one, other) => rank(one) - rank(other) || one.modifiedMs - other.modifiedMs || (one.name < other.name ? -1 : 1),
    );
}

function isLike(name: string, current: string): boolean {
  return endOf(name) === endOf(current);
}

function endOf(name: string): string {
  return /\.(?:csv|json)$/.exec(name)?.[0] ?? "";
}
