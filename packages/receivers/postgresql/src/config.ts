import { duration } from "@dbintel/config";
import {
  checkInstances,
  checkPassword,
  instanceEntryKeys,
  instanceSettings,
  passwordSettings,
  platforms,
  reportedNames,
  tlsSettings,
} from "@dbintel/instances";
import { pollingSettings } from "@dbintel/polling";
import {
  activeSessionSettings,
  adviceCollection,
  adviceEvent,
  endpointText,
  idleMetricSettings,
  longRunningSettings,
  querySampleCollection,
  sentEvent,
  sentSettings,
  settingsChangeEvent,
  settingsCollection,
  watchSettings,
} from "@dbintel/watching";
import { z } from "zod";
import { customQuerySettings } from "./custom-sql/settings.ts";
import { logCollection } from "./logs/settings.ts";
import { absentMetricNames, metricNames } from "./metrics/metric-catalogue.ts";
import { objectCollection } from "./objects/settings.ts";
import { pgbouncerSettings } from "./pools/settings.ts";
import { resourceAttributeNames } from "./resource.ts";
import { schemaCollection } from "./schema/settings.ts";
import { topQueryCollection } from "./statements/settings.ts";

/** Events; those that the OpenTelemetry Collector has too are off there by default. */
const events = z.strictObject({
  "db.server.top_query": sentEvent("Send an event for each of the top statements of an interval"),
  "db.server.query_sample": sentEvent("Send an event for each session that does something or blocks another"),
  [settingsChangeEvent]: sentEvent("Send an event for each setting of the server that was changed"),
  "db.schema": sentEvent(
    "Send an event for each table, column, index and constraint that was added, changed or removed",
  ),
  "db.schema.statistics": sentEvent(
    "Send an event for each column that ANALYZE has looked at: how many values it has, none of them",
    false,
  ),
  [adviceEvent]: sentEvent("Send an event for each thing that could be better, and when it is"),
});

const standardEndpoint = "localhost:5432";

/** Where the OpenTelemetry Collector has the key, it means the same here. */
export const postgresqlConfig = z
  .strictObject({
    endpoint: endpointText()
      .default(standardEndpoint)
      .describe("host:port of the server, as applications dial it; /directory:port for a Unix socket"),
    transport: z
      .enum(["tcp", "unix"])
      .default("tcp")
      .describe("How to connect; unix takes directory:port too, and a slash before it"),
    ...instanceSettings(endpointText()),
    username: z.string().min(1).describe("User to connect as; needs the role pg_monitor"),
    ...passwordSettings,
    ...reportedNames("databases"),
    connect_database: z.string().min(1).default("postgres").describe("Database to connect to"),
    platform: z
      .enum(platforms)
      .optional()
      .describe(
        "What the server runs on; by default the collector finds out. Databases and users of the provider are left out",
      ),
    tls: tlsSettings.prefault({}).describe("Encryption of the connection"),
    ...pollingSettings({ interval: "10s" }),
    lock_timeout: duration().prefault("100ms").describe("The server gives up waiting for a lock after this"),
    ...watchSettings,
    ...sentSettings({
      metrics: metricNames,
      resourceAttributes: [...resourceAttributeNames, ...databaseAttributeNames()],
    }),
    events: events.prefault({}).describe("Which events are sent"),
    top_query_collection: topQueryCollection.prefault({}).describe("The event db.server.top_query"),
    custom_queries: customQuerySettings.describe("Metrics by statements of your own"),
    query_sample_collection: querySampleCollection(
      "Sessions that are looked at, those first that wait for locks",
    ).describe("The event db.server.query_sample"),
    active_sessions: activeSessionSettings.prefault({}).describe("The metric db.active_sessions"),
    settings_collection: settingsCollection.prefault({}).describe("The event db.server.settings_change"),
    advice_collection: adviceCollection.prefault({}).describe("The event db.advice"),
    schema_collection: schemaCollection.prefault({}).describe("The events db.schema and db.schema.statistics"),
    pgbouncer: pgbouncerSettings.describe("A PgBouncer before the server, whose pools are reported"),
    object_collection: objectCollection.prefault({}).describe("Metrics of tables, indexes and functions"),
    long_running: longRunningSettings
      .prefault({})
      .describe("What is told once because it lasts, at the looks of query_sample_collection"),
    log_collection: logCollection.prefault({}).describe("What the server's log tells"),
    connection_pool: z
      .strictObject({
        max_idle_time: duration().optional(),
        max_lifetime: duration().optional(),
        max_idle: z.number().int().optional().describe("Without effect"),
        max_open: z.number().int().optional().describe("Without effect"),
      })
      .optional()
      .describe("Without effect: the receiver keeps two connections, and a third while it asks for plans"),
  })
  .superRefine(checkInstances(standardEndpoint))
  .superRefine(checkPassword);

/** What an entry of `instances_file` may say: it stands for what the receiver says. */
export const postgresqlInstance = z
  .strictObject({
    endpoint: endpointText(),
    ...instanceEntryKeys,
    connect_database: z.string().min(1).optional(),
    platform: z.enum(platforms).optional(),
  })
  .superRefine(checkPassword);

/** Resource attributes of the OpenTelemetry Collector's receiver that are attributes of data points here, or absent. */
function databaseAttributeNames(): readonly string[] {
  return ["postgresql.database.name", "postgresql.schema.name", "postgresql.table.name", "postgresql.index.name"];
}

export type PostgresqlConfig = z.output<typeof postgresqlConfig>;

/** The settings that were given and have no effect: what the OpenTelemetry Collector knows and this receiver does not. */
export function settingsWithoutEffect(config: PostgresqlConfig): readonly string[] {
  const { top_query_collection: top } = config;
  const idle: (string | false)[] = [
    config.connection_pool !== undefined && "connection_pool",
    top.max_rows_per_query !== undefined && "top_query_collection.max_rows_per_query",
  ];
  return [...idle.filter((key) => key !== false), ...idleMetricSettings(config.metrics, absentMetricNames)];
}
