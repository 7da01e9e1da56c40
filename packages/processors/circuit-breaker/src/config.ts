import { conditionText } from "@dbintel/condition";
import { positiveDuration, unsupported } from "@dbintel/config";
import { breakerModes } from "@dbintel/guard";
import { z } from "zod";

const count = () => z.number().int().positive();
const share = () => z.number().gt(0).max(1);
const names = () => z.array(z.string().min(1));

const flood = z
  .strictObject({
    enabled: z.boolean().default(true).describe("Whether databases are held to their shares of items_per_second"),
    items_per_second: z
      .number()
      .positive()
      .optional()
      .describe(
        "Items that all databases together may send; each has an equal part, and what one leaves is lent; no flood is dropped when absent",
      ),
    burst: positiveDuration().prefault("10s").describe("How much of its part a database that was calm may use at once"),
    while_open: z
      .enum(["share", "drop"])
      .default("share")
      .describe("What passes of a database whose breaker is open: its own part and nothing lent, or nothing at all"),
  })
  .prefault({})
  .describe("What one database may send when it floods the pipeline");

const health = z
  .strictObject({
    log: conditionText("log").optional().describe("CEL: a log record for which it is true tells of a failure"),
    span: conditionText("span").optional().describe("CEL: a span for which it is true tells of a failure"),
    datapoint: conditionText("datapoint")
      .optional()
      .describe("CEL: a data point for which it is true tells of a failure"),
    failure_share: share().default(0.5).describe("Share of failures in the window that opens the breaker"),
    slow_span_threshold: positiveDuration().optional().describe("Spans of at least this duration count as slow"),
    slow_share: share().default(0.8).describe("Share of slow spans in the window that opens the breaker"),
    minimum_items: count().default(20).describe("Items in the window below which nothing is judged"),
    window: positiveDuration().prefault("1m").describe("How far back items count"),
    hold_polls: z
      .enum(["instance", "database", "none"])
      .default("instance")
      .describe("Whose polls by receivers of this collector are held back while the database is sick"),
    limit: z.boolean().default(false).describe("Whether its items are limited as well, as those of a flood are"),
  })
  .refine(
    ({ log, span, datapoint, slow_span_threshold }) =>
      [log, span, datapoint, slow_span_threshold].some((sign) => sign !== undefined),
    { error: "says nothing about what a sick database looks like: set log, span, datapoint or slow_span_threshold" },
  );

const responses = ["refuse", "drop", "pass"] as const;
const response = (standard: (typeof responses)[number], description: string) =>
  z.enum(responses).default(standard).describe(description);

const exporters = z
  .strictObject({
    ids: names()
      .default([])
      .describe("Exporters that this pipeline leads to; failures of others are announced and change nothing here"),
    on_rate_limit: response("refuse", "After HTTP 429 or a message about a rate limit"),
    on_quota: response("refuse", "After a message about a quota"),
    on_cardinality: response("pass", "After a message about too many time series; concerns metrics only"),
    on_api_key: response("refuse", "After HTTP 401, 403 or a message about the API key"),
  })
  .prefault({})
  .describe("What becomes of data while its exporter's account is limited: `refuse` lets the sender hold it");

const override = z.strictObject({
  instance: z.string().optional().describe("The instance; all when absent"),
  database: z.string().optional().describe("The database; all when absent"),
  mode: z.enum(breakerModes).describe("The mode for it"),
});

/** The system before this one told kinds apart by these texts. */
const defaultPatterns = ["cardinality", "unique time series", "rate limit", "quota exceeded", "api-key"];

/** How databases and exporters are guarded from each other. */
export const circuitBreakerConfig = z
  .strictObject({
    mode: z
      .enum(breakerModes)
      .default("auto")
      .describe(
        "`auto`; `force_open` and `force_closed` by hand; `metrics_only` decides and counts, and drops nothing",
      ),
    overrides: z
      .array(override)
      .default([])
      .describe("Modes of single instances or databases; the first that fits counts"),
    instance_attributes: names()
      .default(["service.instance.id", "server.address"])
      .describe("Attributes that name the instance, of the item or else of its resource; the first text counts"),
    database_attributes: names()
      .default(["db.namespace", "db.name", "database_name"])
      .describe("Attributes that name the database, found in the same way"),
    max_databases: count().default(10_000).describe("Databases that are remembered; the one silent longest goes first"),
    idle_timeout: positiveDuration().prefault("30m").describe("A database that is silent this long is forgotten"),
    failure_threshold: count()
      .default(5)
      .describe("Seconds in a row with a flood, or failures of an exporter within a minute, that open a breaker"),
    success_threshold: count().default(3).describe("Successes of the slow start that close a breaker"),
    open_state_timeout: positiveDuration()
      .prefault("5s")
      .describe("Shortest time that a breaker stays open; grows with each opening"),
    max_open_state_timeout: positiveDuration()
      .prefault("10m")
      .describe("Longest time that a breaker stays open by itself"),
    flood,
    health: health.optional().describe("How a sick database shows in its telemetry; not judged when absent"),
    exporters,
    new_relic_error_patterns: names()
      .default(defaultPatterns)
      .describe("Texts in an exporter's errors, whatever their case, that tell of a limit of the account"),
    max_concurrent_requests: count()
      .default(100)
      .describe("Batches on their way through at once; more are refused, and the sender tries again"),
    enable_adaptive_timeout: z
      .boolean()
      .default(false)
      .describe("Whether a batch that the next component does not answer in time is given back to its sender"),
    base_timeout: positiveDuration().prefault("5s").describe("Shortest adaptive timeout"),
    max_timeout: positiveDuration().prefault("30s").describe("Longest adaptive timeout"),
    on_error: z.enum(["pass", "drop"]).default("pass").describe("What becomes of an item that cannot be judged"),
    max_concurrent: unsupported("write max_concurrent_requests"),
    timeout: unsupported("write base_timeout"),
    health_check_interval: unsupported("the state is looked at every second"),
    memory_threshold_mb: unsupported("use the processor memory_limiter"),
    cpu_threshold_percent: unsupported("a receiver is slowed down by the breakers of @dbintel/guard"),
    enable_debug_logging: unsupported("set service.telemetry.logs.level to debug"),
    error_patterns: unsupported("errors of databases are classed by SQLSTATE and errno; see @dbintel/guard"),
    query_fallbacks: unsupported("a receiver chooses its statements by the version of the server"),
  })
  .superRefine((config, refinement) => {
    const wrong = (path: string[], message: string) => refinement.addIssue({ code: "custom", path, message });
    if (config.instance_attributes.length + config.database_attributes.length === 0) {
      wrong(["database_attributes"], "without an attribute no item belongs to a database: name one");
    }
    if (config.max_open_state_timeout < config.open_state_timeout) {
      wrong(["max_open_state_timeout"], "must not be below open_state_timeout");
    }
    const { items_per_second: limit, while_open: whileOpen } = config.flood;
    if (config.health?.limit === true && limit === undefined && whileOpen === "share") {
      wrong(["health", "limit"], "limits to a share of nothing: set flood.items_per_second, or flood.while_open: drop");
    }
    if (config.max_timeout < config.base_timeout) wrong(["max_timeout"], "must not be below base_timeout");
  });

export type CircuitBreakerConfig = z.output<typeof circuitBreakerConfig>;
export type ExporterResponse = (typeof responses)[number];
