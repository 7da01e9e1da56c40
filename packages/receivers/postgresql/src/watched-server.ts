import type { ServerPlatform } from "@dbintel/instances";
import type { ResourceInit } from "@dbintel/pdata";
import type { Consumers, Host } from "@dbintel/pipeline";
import type { PollList } from "@dbintel/watching";
import type { PostgresqlConfig } from "./config.ts";
import type { KnownServer } from "./connection/capabilities.ts";
import type { ConnectionSettings } from "./connection/connection.ts";
import type { ProblemContext } from "./connection/problems.ts";
import type { Visits } from "./connection/visits.ts";
import type { KnownScans } from "./plans/known-scans.ts";
import type { LoggedPlans } from "./plans/logged-plans.ts";
import type { Errand } from "./visits/errand.ts";

/** The server that a receiver watches, as its parts see it. */
export interface WatchedServer {
  readonly host: Host;
  readonly next: Consumers;
  readonly config: PostgresqlConfig;
  /** Takes the polls of each part. */
  readonly watch: PollList;
  /** How to reach it. */
  readonly settings: ConnectionSettings;
  /** The session for everything but pg_stat_statements. */
  readonly views: KnownServer;
  /** Sessions inside the other databases, one at a time. */
  readonly visits: Visits;
  /** What is asked inside each database: parts add theirs, and one that comes after them does them all. */
  readonly errands: Errand[];
  /** What the log tells of plans, for whoever asks for plans. */
  readonly loggedPlans: LoggedPlans;
  /** What the plans of statements tell of tables, for whoever gives advice. */
  readonly scans: KnownScans;
  readonly resource: ResourceInit;
  /** What it runs on; known when a session has asked it. */
  readonly platform: ServerPlatform;
  readonly context: ProblemContext;
  /** Whether what belongs to this database is reported. */
  readonly reportsDatabase: (name: string) => boolean;
}

/** What the receiver collects of one kind: adds its polls to the watch, or none when nobody wants what they bring. */
export type Part = (server: WatchedServer) => void;
