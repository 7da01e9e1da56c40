import { duration, withoutEffect } from "@dbintel/config";
import {
  checkInstances,
  checkPassword,
  instanceEntryKeys,
  instanceSettings,
  namedEndpoints,
  passwordSettings,
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
import { deadlockSettings } from "./activity/settings.ts";
import { canarySettings } from "./canary/settings.ts";
import { mysqlPlatforms } from "./connection/platforms.ts";
import { consumerSettings } from "./consumers/settings.ts";
import { customQuerySettings } from "./custom-sql/settings.ts";
import { metricNames } from "./metrics/metric-catalogue.ts";
import { statementEventSettings } from "./metrics/statement-event-metrics.ts";
import { objectCollection } from "./objects/settings.ts";
import { replicationEvent } from "./replication/replication-events.ts";
import { replicationCollection } from "./replication/settings.ts";
import { resourceAttributeNames } from "./resource.ts";
import { topQueryCollection } from "./statements/settings.ts";

/** Events; those that the OpenTelemetry Collector has too are off there by default. */
const events = z.strictObject({
  "db.server.top_query": sentEvent("Send an event for each of the top statements of an interval"),
  "db.server.query_sample": sentEvent(
    "Send an event for each session that does something or blocks another, and for what has ended",
  ),
  [settingsChangeEvent]: sentEvent("Send an event when a setting of the server has changed"),
  [adviceEvent]: sentEvent("Send an event for each thing that could be better, and when it is"),
  [replicationEvent]: sentEvent("Send an event when a thread of a replica, or a member of a group, changes its state"),
});

const standardEndpoint = "localhost:3306";

/** Where the OpenTelemetry Collector has the key, it means the same here. */
export const mysqlConfig = z
  .strictObject({
    endpoint: endpointText()
      .default(standardEndpoint)
      .describe("host:port of the server, as applications dial it; or the path of its Unix socket"),
    transport: z
      .enum(["tcp", "unix"])
      .default("tcp")
      .describe("How to connect; an endpoint that is a path says it too"),
    ...instanceSettings(endpointText()),
    username: z.string().min(1).describe("User to connect as; needs SELECT on performance_schema"),
    ...passwordSettings,
    ...reportedNames("schemas"),
    platform: z.enum(mysqlPlatforms).optional().describe("What the server runs on; by default the collector finds out"),
    tls: tlsSettings.prefault({}).describe("Encryption of the connection"),
    ...pollingSettings({ interval: "10s" }),
    lock_timeout: duration()
      .prefault("1s")
      .describe("The server gives up waiting for a lock after this; whole seconds"),
    ...watchSettings,
    ...sentSettings({ metrics: metricNames, resourceAttributes: resourceAttributeNames }),
    events: events.prefault({}).describe("Which events are sent"),
    top_query_collection: topQueryCollection.prefault({}).describe("The event db.server.top_query"),
    consumers: consumerSettings.prefault({}).describe("What may be turned on in performance_schema"),
    custom_queries: customQuerySettings.describe("Metrics by statements of your own"),
    query_sample_collection: querySampleCollection(
      "Sessions that are looked at, and as many statements that have ended since; 100 in the OpenTelemetry Collector",
    ).describe("The event db.server.query_sample"),
    active_sessions: activeSessionSettings.prefault({}).describe("The metric db.active_sessions"),
    long_running: longRunningSettings
      .omit({ prepared_transaction: true })
      .prefault({})
      .describe("What is told once because it lasts"),
    deadlocks: deadlockSettings.prefault({}).describe("The event db.deadlock"),
    database: withoutEffect("the whole server is watched; databases limits what is reported"),
    allow_native_passwords: withoutEffect("every way to log in that the driver knows is allowed"),
    statement_events: statementEventSettings.prefault({}).describe("The metrics mysql.statement_event.*"),
    canary: canarySettings.prefault({}).describe("A query that is run to see how fast it is answered"),
    replication_collection: replicationCollection.prefault({}).describe("State of replication"),
    settings_collection: settingsCollection.prefault({}).describe("The event db.server.settings_change"),
    object_collection: objectCollection.prefault({}).describe("Tables and indexes"),
    advice_collection: adviceCollection.prefault({}).describe("The event db.advice"),
  })
  .superRefine(checkInstances(standardEndpoint))
  .superRefine(checkPassword)
  .refine(
    (settings) => settings.transport === "tcp" || namedEndpoints(settings).every((each) => each.startsWith("/")),
    {
      path: ["transport"],
      message: "unix wants the path of a socket as endpoint",
    },
  );

/** What an entry of `instances_file` may say: it stands for what the receiver says. */
export const mysqlInstance = z
  .strictObject({
    endpoint: endpointText(),
    ...instanceEntryKeys,
    platform: z.enum(mysqlPlatforms).optional(),
  })
  .superRefine(checkPassword);

export type MysqlConfig = z.output<typeof mysqlConfig>;

/** The settings that were given and have no effect: what the OpenTelemetry Collector knows and this receiver does not. */
export function settingsWithoutEffect(config: MysqlConfig): readonly string[] {
  const { top_query_collection: top } = config;
  const idle: readonly (string | false)[] = [
    config.database !== undefined && config.database !== "" && "database",
    config.allow_native_passwords === false && "allow_native_passwords",
    top.lookback_time !== undefined && "top_query_collection.lookback_time",
    top.max_query_sample_count !== undefined && "top_query_collection.max_query_sample_count",
  ];
  return [...idle.filter((key) => key !== false), ...idleMetricSettings(config.metrics, [])];
}
