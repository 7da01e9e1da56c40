import { type Platform, ServerPlatform } from "@dbintel/instances";
import { number, Turn, text } from "@dbintel/watching";
import type { DatabaseConnection } from "./connection.ts";
import { platformColumns, platformOf, providerUsers } from "./platforms.ts";
import { limitsDropped, versionTooOld } from "./problems.ts";

const oldestVersion = 130_000;

/** The statistics views of the server whose columns differ from version to version. */
const views = [
  "pg_stat_database",
  "pg_stat_bgwriter",
  "pg_stat_checkpointer",
  "pg_stat_replication",
  "pg_stat_activity",
  "pg_locks",
  "pg_class",
  "pg_replication_slots",
  "pg_stat_replication_slots",
  "pg_stat_subscription_stats",
  "pg_stat_wal",
  "pg_stat_io",
  "pg_stat_all_tables",
  "pg_stat_progress_vacuum",
  "pg_stat_progress_analyze",
  "pg_stat_progress_create_index",
  "pg_stat_progress_cluster",
  "pg_stat_progress_copy",
] as const;
export type StatisticsView = (typeof views)[number];

/** What a server is and offers; found by asking it, once for each session. */
export interface Capabilities {
  /** `18.4`, as the server prints it. */
  readonly version: string;
  /** `180004`. */
  readonly versionNumber: number;
  /** The oid of the user that the collector connects as. */
  readonly userId: number;
  /** Whether that user sees what the sessions of others do. */
  readonly readsAllActivity: boolean;
  /** What tells its data from that of other servers, but not from its standbys'; `undefined` where the user may not ask. */
  readonly systemIdentifier: string | undefined;
  /** Whether statements have ids, without which pg_stat_statements counts none: before PostgreSQL 14 they always have. */
  readonly computesQueryIds: boolean;
  /** Whether the server replays from another one. */
  readonly standby: boolean;
  /** Whether the user may list the files of the WAL. */
  readonly listsWal: boolean;
  /** Whether transactions can be prepared there; `max_prepared_transactions` is 0 unless a DBA has set it. */
  readonly preparesTransactions: boolean;
  /** What the server runs on. */
  readonly platform: Platform;
  /** The users whose sessions and statements are those of the platform's provider. */
  readonly providerUserIds: ReadonlySet<number>;
  /** Columns by view; a view that the server lacks has none. */
  readonly columns: ReadonlyMap<StatisticsView, ReadonlySet<string>>;
}

/**
 * The server behind a connection; what it is, is asked once for each session, and again while it hides something. One
 * for all who use the connection.
 */
export class KnownServer {
  readonly connection: DatabaseConnection;
  /** For polls that share the connection: one at a time. */
  readonly turn = new Turn();
  readonly #endpoint: string;
  readonly #platform: ServerPlatform;
  #known: { readonly session: number | undefined; readonly capabilities: Capabilities } | undefined;

  constructor(connection: DatabaseConnection, endpoint: string, platform = new ServerPlatform()) {
    this.connection = connection;
    this.#endpoint = endpoint;
    this.#platform = platform;
  }

  async capabilities(signal: AbortSignal): Promise<Capabilities> {
    const known = this.#known;
    const isSame = known?.session !== undefined && known.session === this.connection.session;
    const isComplete = known?.capabilities.readsAllActivity === true && known.capabilities.computesQueryIds;
    if (isSame && isComplete) return known.capabilities;
    const capabilities = await discover(this.connection, this.#endpoint, this.#platform, signal);
    this.#known = { session: this.connection.session, capabilities };
    return capabilities;
  }
}

/**
 * Whether this very statement has an id; other libraries than pg_stat_statements may compute them where the setting is
 * off. A column of the view since PostgreSQL 14.
 */
export const computesQueryIds = `(current_setting('compute_query_id', true) IS DISTINCT FROM 'off' OR
            (SELECT to_jsonb(a) ->> 'query_id' IS NOT NULL FROM pg_stat_get_activity(pg_backend_pid()) a))`;

/** Asks the server. Rejects with `DBI_DATABASE_VERSION` below PostgreSQL 13. */
export async function discover(
  connection: DatabaseConnection,
  endpoint: string,
  platform: ServerPlatform,
  signal: AbortSignal,
): Promise<Capabilities> {
  const [server = {}] = await connection.query(
    `SELECT current_setting('server_version') AS version, current_setting('server_version_num')::int4 AS number,
            (SELECT oid FROM pg_roles WHERE rolname = current_user) AS user_id,
            pg_has_role('pg_read_all_stats', 'USAGE') AS reads_all, pg_is_in_recovery()::int4 AS standby,
            ${computesQueryIds} AS query_ids, has_function_privilege('pg_control_system()', 'EXECUTE') AS tells_identifier,
            has_function_privilege('pg_ls_waldir()', 'EXECUTE') AS lists_wal,
            current_setting('max_prepared_transactions')::int4 > 0 AS prepares,
            current_setting('default_transaction_read_only')::bool AS read_only, ${platformColumns}`,
    [],
    signal,
  );
  const version = text(server, "version") ?? "unknown";
  const versionNumber = number(server, "number") ?? 0;
  if (versionNumber < oldestVersion) throw versionTooOld(endpoint, version);
  if (server.read_only !== true) throw limitsDropped(endpoint);
  const runsOn = platform.found(
    platformOf({ roles: text(server, "platform_roles") ?? "", functions: text(server, "platform_functions") ?? "" }),
  );
  const [control = {}] =
    server.tells_identifier === true
      ? await connection.query("SELECT system_identifier::text AS id FROM pg_control_system()", [], signal)
      : [];
  const attributes = await connection.query(
    `SELECT c.relname AS view, a.attname AS column
       FROM pg_class c
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE n.nspname = 'pg_catalog' AND a.attnum > 0 AND c.relname = ANY($1)`,
    [views],
    signal,
  );
  const columns = new Map<StatisticsView, Set<string>>(views.map((view) => [view, new Set()]));
  for (const attribute of attributes) {
    columns.get(attribute.view as StatisticsView)?.add(text(attribute, "column") ?? "");
  }
  return {
    version: version.split(" ")[0] ?? version,
    versionNumber,
    userId: number(server, "user_id") ?? 0,
    readsAllActivity: server.reads_all === true,
    computesQueryIds: server.query_ids !== false,
    systemIdentifier: text(control, "id"),
    standby: number(server, "standby") === 1,
    listsWal: server.lists_wal === true,
    preparesTransactions: server.prepares === true,
    platform: runsOn,
    providerUserIds: providerUsers(runsOn, text(server, "platform_users") ?? ""),
    columns,
  };
}
