import type { ServerPlatform } from "@dbintel/instances";
import type { Consumers, Host } from "@dbintel/pipeline";
import type { PollList } from "@dbintel/watching";
import type { MysqlConfig } from "./config.ts";
import type { KnownServer } from "./connection/capabilities.ts";
import type { ConnectionSettings } from "./connection/connection.ts";
import type { ProblemContext } from "./connection/problems.ts";
import type { ServerStart } from "./connection/server-start.ts";
import type { Instance } from "./resource.ts";

/** The server that a receiver watches, as its parts see it. */
export interface WatchedServer {
  readonly host: Host;
  readonly next: Consumers;
  readonly config: MysqlConfig;
  /** Takes the polls of each part. */
  readonly watch: PollList;
  /** How to reach it. */
  readonly settings: ConnectionSettings;
  /** The session for everything but the summary of statements. */
  readonly status: KnownServer;
  /** When it was started, the same moment for all polls. */
  readonly start: ServerStart;
  readonly instance: Instance;
  /** What it runs on; known when a session has asked it. */
  readonly platform: ServerPlatform;
  readonly context: ProblemContext;
  /** Whether what is done in this schema is reported, or without one. */
  readonly reportsSchema: (schema: string | null) => boolean;
}

/** What the receiver collects of one kind: adds its polls to the watch, or none when nobody wants what they bring. */
export type Part = (server: WatchedServer) => void;
