import { DbintelError } from "@dbintel/errors";
import { ServerPlatform } from "@dbintel/instances";
import { integer, number, Turn, text } from "@dbintel/watching";
import pg from "pg";
import { type Capabilities, discover } from "../connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "../connection/connection.ts";
import { extensionMissing, extensionOutdated, identifier } from "../connection/problems.ts";
import { type StatementShape, statementShape } from "./statement-columns.ts";
import { continuity, type StatementEpoch } from "./statement-deltas.ts";
import { changedSql, type Fingerprints } from "./statement-filter.ts";
import { StatementTable, statementRowSql } from "./statement-table.ts";
import type { TextRequest } from "./statement-texts.ts";
import { isUndecodable, readRawTexts, readStoredTexts } from "./stored-texts.ts";

/** A database of the server at a poll. */
export interface DatabaseState {
  readonly name: string;
  /** Milliseconds that statements ran in it so far; `undefined` before PostgreSQL 14. */
  readonly activeMillis: number | undefined;
}

/** One reading of the statistics, from between two equal looks at the time of their last reset. */
export interface StatementReading {
  readonly epoch: StatementEpoch;
  readonly table: StatementTable;
  /** Whether `table` holds all entries, or only those that changed. */
  readonly full: boolean;
  /** `pg_stat_statements.max`. */
  readonly maximum: number;
  readonly databases: ReadonlyMap<number, DatabaseState>;
}

/** What is remembered of the last reading, for asking only for what changed. */
export interface KnownStatements {
  readonly table: StatementTable;
  readonly fingerprints: Fingerprints;
  readonly epoch: StatementEpoch;
  /** Readings of changes only since the last complete one. */
  readonly partialReadings: number;
}

/** The extension in one database. */
interface Extension {
  readonly schema: string;
  readonly version: string;
  /** Extension 1.9, PostgreSQL 14. */
  readonly hasInfo: boolean;
}

/** What was found out about the server and its extension, true for one session. */
interface Located {
  readonly capabilities: Capabilities;
  readonly schema: string;
  readonly shape: StatementShape;
  readonly hasInfo: boolean;
}

/** What the server says before and after a reading. */
type Moment = Pick<StatementReading, "epoch" | "maximum">;

/** Room is made at once for as many entries as the server may have, up to so many. */
const usualMaximum = 100_000;
/** With more entries remembered than the server can hold, by this factor, many are gone: read all again. */
const staleFactor = 1.1;
/** Every so many readings one is complete, whatever happened: it finds what the others overlooked. */
const completeEvery = 60;
/** The extension is looked for in at most so many databases. */
const mostDatabases = 100;

/** The name of the prepared statement that reads what changed. */
const changesStatement = "dbintel_changes";

/** Reads pg_stat_statements wherever it is installed, over one connection. */
export class StatementSource {
  readonly #settings: ConnectionSettings;
  readonly #endpoint: string;
  readonly #connectDatabase: string;
  readonly #platform: ServerPlatform;
  readonly #shortSessions: Turn;
  #connection: DatabaseConnection;
  /** For whom the session has prepared the statement that reads what changed. */
  #prepared: { readonly session: number | undefined; readonly fingerprints: Fingerprints } | undefined;
  /** Whether a text was found that is in no encoding. */
  #rawTexts = false;
  #located: Located | undefined;
  #scratch: StatementTable | undefined;

  constructor(
    settings: ConnectionSettings,
    endpoint: string,
    connectDatabase: string,
    platform = new ServerPlatform(),
    shortSessions = new Turn(),
  ) {
    this.#shortSessions = shortSessions;
    this.#settings = settings;
    this.#endpoint = endpoint;
    this.#connectDatabase = connectDatabase;
    this.#platform = platform;
    this.#connection = new DatabaseConnection(settings, connectDatabase);
  }

  /** What the server is, after a reading. */
  get capabilities(): Capabilities | undefined {
    return this.#located?.capabilities;
  }

  /** The user whose statements may be the collector's own; `undefined` when its own are not recorded at all. */
  get trackedUserId(): number | undefined {
    return this.#connection.tracked ? this.#located?.capabilities.userId : undefined;
  }

  /** Asks the smallest question there is. */
  async ping(signal: AbortSignal): Promise<void> {
    await this.#connection.ping(signal);
  }

  /** How long the server may take for each statement from here on. */
  limit(timeoutMs: number): void {
    this.#connection.limit(timeoutMs);
  }

  async close(): Promise<void> {
    this.#located = undefined;
    await this.#connection.close();
  }

  /**
   * Reads the counters of all entries, or, where that is certain to lose nothing, of those that changed; then the
   * table is valid until the next call.
   */
  async read(known: KnownStatements | undefined, signal: AbortSignal): Promise<StatementReading> {
    try {
      const located = await this.#locate(signal);
      for (let attempt = 0; attempt < 3; attempt++) {
        const now = await this.#look(located, signal);
        const { epoch, maximum } = now;
        const usable = known !== undefined && filterable(known, epoch, maximum, located.shape) ? known : undefined;
        const table = await this.#readTable(located, usable, now, signal);
        const after = await this.#look(located, signal);
        if (after.epoch.statsResetMicros !== epoch.statsResetMicros) continue;
        const databases = await this.#readDatabases(located, signal);
        return { epoch, table, full: usable === undefined, maximum, databases };
      }
    } catch (error) {
      // The extension may have been updated or dropped: look again at the next poll.
      this.#located = undefined;
      throw error;
    }
    throw new DbintelError("pg_stat_statements is being reset again and again while it is read", {
      code: "DBI_DATABASE_QUERY",
      retryable: true,
    });
  }

  /** Hands over the stored texts of some entries, one by one. */
  async texts(request: TextRequest, signal: AbortSignal): Promise<void> {
    const { schema } = await this.#locate(signal);
    try {
      if (!this.#rawTexts) return await readStoredTexts(this.#connection, schema, request, signal);
    } catch (error) {
      if (!isUndecodable(error)) throw error;
    }
    this.#rawTexts = false;
    const open = (database: string) => new DatabaseConnection(this.#settings, database);
    const args = { connection: this.#connection, open, endpoint: this.#endpoint, request, signal };
    await this.#shortSessions.take(signal, () => readRawTexts(args));
    this.#rawTexts = true;
  }

  /** The names of roles by their oid. */
  async roles(ids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, string>> {
    const rows = await this.#connection.query(
      "SELECT oid, rolname FROM pg_roles WHERE oid = ANY($1::oid[])",
      [ids],
      signal,
    );
    return new Map(rows.map((row) => [number(row, "oid") ?? 0, text(row, "rolname") ?? ""]));
  }

  async #readTable(
    { capabilities, schema, shape }: Located,
    known: KnownStatements | undefined,
    now: Moment,
    signal: AbortSignal,
  ): Promise<StatementTable> {
    const select = `SELECT ${statementRowSql(shape)} FROM ${identifier(schema)}.pg_stat_statements(false)`;
    if (known === undefined) {
      // What it would grow out of would stay as garbage beside it for a while.
      const table = new StatementTable(shape, Math.min(now.maximum, usualMaximum));
      await this.#connection.readRows(select, [], (bytes, start) => table.appendRow(bytes, start), signal);
      return table;
    }
    const table = this.#scratchFor(shape);
    const { fingerprints, epoch } = known;
    const prepared = this.#prepared;
    const usable = prepared !== undefined && prepared.session === this.#connection.session;
    const base =
      usable && prepared.fingerprints === fingerprints && !fingerprints.worn ? undefined : fingerprints.rebase();
    this.#prepared = undefined;
    if (base !== undefined) await this.#connection.forget(changesStatement, signal);
    // Where entries were thrown out, one that came back passes whatever it counts.
    const back = now.epoch.deallocations !== epoch.deallocations;
    await this.#connection.readRows(
      base === undefined ? undefined : `${select} WHERE ${changedSql(shape, capabilities.versionNumber, base)}`,
      [fingerprints.bytes, ...(shape.statsSince ? [back ? binaryTimestamp(epoch.clockMicros) : null] : [])],
      (bytes, start) => table.appendRow(bytes, start),
      signal,
      changesStatement,
    );
    this.#prepared = { session: this.#connection.session, fingerprints };
    return table;
  }

  /** One table serves all readings of changes, one after the other: nothing is to be collected as garbage. */
  #scratchFor(shape: StatementShape): StatementTable {
    if (this.#scratch?.shape !== shape) this.#scratch = new StatementTable(shape);
    this.#scratch.clear();
    return this.#scratch;
  }

  /** The moment and what the server says about its statistics. */
  async #look(located: Located, signal: AbortSignal): Promise<Moment> {
    const info = located.hasInfo ? `, i.dealloc, ${micros("i.stats_reset")} AS stats_reset` : "";
    const from = located.hasInfo ? `FROM ${identifier(located.schema)}.pg_stat_statements_info i` : "";
    const [row = {}] = await this.#connection.query(
      `SELECT ${micros("clock_timestamp()")} AS clock,
              ${micros("pg_postmaster_start_time()")} AS started,
              current_setting('pg_stat_statements.max', true)::int8 AS maximum ${info} ${from}`,
      [],
      signal,
    );
    const epoch = {
      clockMicros: integer(row, "clock") ?? 0n,
      startedMicros: integer(row, "started") ?? 0n,
      statsResetMicros: integer(row, "stats_reset"),
      deallocations: integer(row, "dealloc"),
    };
    return { epoch, maximum: number(row, "maximum") ?? Number.POSITIVE_INFINITY };
  }

  async #readDatabases(located: Located, signal: AbortSignal): Promise<ReadonlyMap<number, DatabaseState>> {
    const active = located.capabilities.columns.get("pg_stat_database")?.has("active_time") ?? false;
    const rows = await this.#connection.query(
      `SELECT d.oid, d.datname${active ? ", s.active_time" : ""}
         FROM pg_database d LEFT JOIN pg_stat_database s ON s.datid = d.oid`,
      [],
      signal,
    );
    return new Map(
      rows.map((row) => [
        number(row, "oid") ?? 0,
        { name: text(row, "datname") ?? "", activeMillis: number(row, "active_time") },
      ]),
    );
  }

  /** Finds the extension and its columns, once for each session. */
  async #locate(signal: AbortSignal): Promise<Located> {
    if (this.#located !== undefined && this.#connection.open) return this.#located;
    this.#located = undefined;
    const extension = (await this.#findHere(signal)) ?? (await this.#findElsewhere(signal));
    const names = await this.#connection.columns(
      `SELECT * FROM ${identifier(extension.schema)}.pg_stat_statements(false) LIMIT 0`,
      signal,
    );
    if (!names.includes("total_exec_time")) throw extensionOutdated(this.#endpoint, extension.version);
    const capabilities = await discover(this.#connection, this.#endpoint, this.#platform, signal);
    const { schema, hasInfo } = extension;
    this.#located = { capabilities, schema, hasInfo, shape: statementShape(new Set(names)) };
    return this.#located;
  }

  async #findElsewhere(signal: AbortSignal): Promise<Extension> {
    if (this.#connection.database !== this.#connectDatabase) await this.#moveTo(this.#connectDatabase);
    const databases = await this.#connection.query(
      `SELECT datname FROM pg_database
        WHERE datallowconn AND has_database_privilege(datname, 'CONNECT') ORDER BY oid LIMIT ${mostDatabases}`,
      [],
      signal,
    );
    for (const row of databases) {
      await this.#moveTo(text(row, "datname") ?? this.#connectDatabase);
      try {
        const found = await this.#findHere(signal);
        if (found !== undefined) return found;
      } catch (error) {
        // Some databases of a managed service let nobody in: go on with the next.
        if (!(error instanceof pg.DatabaseError)) throw error;
      }
    }
    await this.#moveTo(this.#connectDatabase);
    throw extensionMissing(this.#endpoint, this.#connectDatabase);
  }

  async #moveTo(database: string): Promise<void> {
    await this.#connection.close();
    this.#connection = new DatabaseConnection(this.#settings, database);
  }

  async #findHere(signal: AbortSignal): Promise<Extension | undefined> {
    const [row] = await this.#connection.query(
      `SELECT n.nspname AS schema, e.extversion AS version,
              EXISTS (SELECT FROM pg_class c
                       WHERE c.relnamespace = n.oid AND c.relname = 'pg_stat_statements_info') AS info
         FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
        WHERE e.extname = 'pg_stat_statements'`,
      [],
      signal,
    );
    if (row === undefined) return undefined;
    return {
      schema: text(row, "schema") ?? "public",
      version: text(row, "version") ?? "",
      hasInfo: row.info === true,
    };
  }
}

/**
 * Whether asking only for what changed loses nothing. Entries that were thrown out in between must be seen to be gone,
 * so that their return is not taken for growth, unless the server says since when an entry counts.
 */
function filterable(known: KnownStatements, now: StatementEpoch, maximum: number, shape: StatementShape): boolean {
  const { table, epoch, partialReadings } = known;
  if (partialReadings + 1 >= completeEvery || table.count > maximum * staleFactor) return false;
  if (table.shape !== shape || continuity(epoch, now) !== "continued") return false;
  const thrownOut = now.deallocations === undefined || now.deallocations !== epoch.deallocations;
  return shape.statsSince || !thrownOut;
}

/** Microseconds since 1970 as an int8. A double holds them: 2^53 of them are 285 years. */
function micros(expression: string): string {
  return `(date_part('epoch', ${expression}) * 1000000)::int8`;
}

/** A timestamptz in binary format: microseconds since 2000. */
function binaryTimestamp(unixMicros: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(unixMicros - 946_684_800_000_000n);
  return bytes;
}
