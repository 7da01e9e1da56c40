import { duration, positiveDuration, withoutEffect } from "@dbintel/config";
import {
  checkInstances,
  checkPassword,
  instanceEntryKeys,
  instanceSettings,
  namedEndpoints,
  namePatterns,
  passwordSettings,
  tlsSettings,
} from "@dbintel/instances";
import { pollingSettings } from "@dbintel/polling";
import {
  activeSessionSettings,
  adviceCollection,
  adviceEvent,
  budgetSettings,
  checkpointSettings,
  circuitBreaker,
  endpointText,
  idleMetricSettings,
  leaseSettings,
  longRunningSettings,
  metricSetting,
  named,
  settingsChangeEvent,
  settingsCollection,
  switchable,
} from "@dbintel/watching";
import { z } from "zod";
import { deadlockSettings, querySampleCollection } from "./activity/settings.ts";
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

/** Events; the OpenTelemetry Collector has both off by default. */
const events = z.strictObject({
  "db.server.top_query": z
    .strictObject({
      enabled: z.boolean().default(true).describe("Send an event for each of the top statements of an interval"),
    })
    .prefault({}),
  "db.server.query_sample": z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe("Send an event for each session that does something or blocks another, and for what has ended"),
    })
    .prefault({}),
  [settingsChangeEvent]: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Send an event when a setting of the server has changed"),
    })
    .prefault({}),
  [adviceEvent]: z
    .strictObject({
      enabled: z.boolean().default(true).describe("Send an event for each thing that could be better, and when it is"),
    })
    .prefault({}),
  [replicationEvent]: z
    .strictObject({
      enabled: z
        .boolean()
        .default(true)
        .describe("Send an event when a thread of a replica, or a member of a group, changes its state"),
    })
    .prefault({}),
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
    databases: namePatterns()
      .default([])
      .describe("Report statements of these schemas only; * and ? stand for any; empty means all"),
    exclude_databases: namePatterns()
      .default([])
      .describe("Do not report statements of these schemas; * and ? stand for any"),
    max_databases: z
      .number()
      .int()
      .positive()
      .default(1000)
      .describe("Schemas that are reported; the rest is left out"),
    platform: z.enum(mysqlPlatforms).optional().describe("What the server runs on; by default the collector finds out"),
    tls: tlsSettings.prefault({}).describe("Encryption of the connection"),
    ...pollingSettings({ interval: "10s" }),
    statement_timeout: positiveDuration()
      .prefault("5s")
      .describe("The server gives up any statement of the receiver after this"),
    lock_timeout: duration()
      .prefault("1s")
      .describe("The server gives up waiting for a lock after this; whole seconds"),
    budget: budgetSettings.describe("What the collector may cost the server"),
    high_availability: leaseSettings.describe("Several collectors that watch the server, one of which polls"),
    checkpoint: checkpointSettings.describe("What is remembered over a restart; needs the extension file_storage"),
    circuit_breaker: circuitBreaker.describe("When the server is left alone, and how polls come back"),
    metrics: named(metricNames, metricSetting).prefault({}).describe("Which metrics are sent"),
    resource_attributes: named(resourceAttributeNames, switchable)
      .prefault({})
      .describe("Which attributes of the resource are sent"),
    events: events.prefault({}).describe("Which events are sent"),
    top_query_collection: topQueryCollection.prefault({}).describe("The event db.server.top_query"),
    consumers: consumerSettings.prefault({}).describe("What may be turned on in performance_schema"),
    custom_queries: customQuerySettings.describe("Metrics by statements of your own"),
    query_sample_collection: querySampleCollection.prefault({}).describe("The event db.server.query_sample"),
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
