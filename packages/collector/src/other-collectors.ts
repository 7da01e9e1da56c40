// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of the advice
import { type ComponentKind, componentKinds } from "@dbintel/pipeline";

const before = (what: string) => `${what}: have an OpenTelemetry Collector do it, and send to the receiver otlp`;
const behind = (what: string) => `${what}: send to an OpenTelemetry Collector that does it, by the exporter otlp_grpc`;
const overOtlp = (where: string) => `send OTLP to it by the exporter otlp_http${where}`;

const logFiles = before("log files are not read here, but for the servers' own through postgresql");
const hosts = before("metrics of machines and containers are not read here");
const databases = before("postgresql and mysql (MariaDB too) are the databases that are read here");
const identity = "set the attributes with the processor resource, from variables where they differ: ${env:HOSTNAME}";
const sampling = "the processor adaptive_sampler keeps what matters, and a share of the rest";
const rewriting =
  "the processors attributes and resource set, rename and delete attributes, filter drops, verification takes personal data out";
const inspection = "the extension admin shows components, queues and metrics, and dbintel tap the records";

/**
 * Types of the OpenTelemetry Collector and its contrib distribution that this one does not have, with what comes nearest.
 * Where nothing does, another collector can stand before or behind this one.
 */
const advice: { readonly [Kind in ComponentKind]: Readonly<Record<string, string>> } = {
  receiver: {
    ...Object.fromEntries(
      ["filelog", "file_log", "journald", "syslog", "tcplog", "udplog"].map((type) => [type, logFiles]),
    ),
    ...Object.fromEntries(
      ["hostmetrics", "host_metrics", "docker_stats", "kubeletstats", "k8s_cluster", "k8s_events"].map((type) => [
        type,
        hosts,
      ]),
    ),
    ...Object.fromEntries(
      ["sqlserver", "oracledb", "mongodb", "redis", "elasticsearch", "snowflake", "saphana"].map((type) => [
        type,
        databases,
      ]),
    ),
    mariadb: "the receiver mysql reads MariaDB too",
    sqlquery: "queries of your own go into custom_queries of the receivers postgresql and mysql",
    sql_query: "queries of your own go into custom_queries of the receivers postgresql and mysql",
    prometheus: before("nothing is scraped here"),
    kafka: before("Kafka is not read here"),
    jaeger: before("spans come in over OTLP alone"),
    zipkin: before("spans come in over OTLP alone"),
    statsd: before("metrics of applications come in over OTLP alone"),
  },
  processor: {
    resourcedetection: identity,
    resource_detection: identity,
    k8sattributes: identity,
    k8s_attributes: identity,
    transform: rewriting,
    metricstransform: rewriting,
    metrics_transform: rewriting,
    span: rewriting,
    redaction: "the processor verification takes personal data and secrets out",
    tail_sampling: sampling,
    probabilistic_sampler: sampling,
    logdedup: "the processor cost_control joins records that are alike when there are too many",
    log_dedup: "the processor cost_control joins records that are alike when there are too many",
    interval: "databases are asked as often as collection_interval says; the processor batch joins requests",
    groupbyattrs: "remove it: records of one resource are sent together",
    groupbytrace: sampling,
    routing: "the connector forward joins pipelines, and the processor filter chooses what passes each",
  },
  exporter: {
    logging: "it has become debug, with verbosity instead of loglevel",
    prometheusremotewrite: `the exporter prometheus is scraped; or ${overOtlp(", at Prometheus' own /api/v1/otlp")}`,
    prometheus_remote_write: `the exporter prometheus is scraped; or ${overOtlp(", at Prometheus' own /api/v1/otlp")}`,
    loki: overOtlp(", with endpoint http://loki:3100/otlp"),
    elasticsearch: overOtlp(" through its APM server or managed endpoint"),
    jaeger: overOtlp(": Jaeger takes it on port 4318"),
    zipkin: behind("Zipkin takes no OTLP"),
    kafka: behind("Kafka is not written to here"),
    datadog: overOtlp(" through the Datadog Agent"),
    splunk_hec: behind("Splunk's HEC takes no OTLP"),
    loadbalancing: "the exporter otlp_grpc with balancer_name: round_robin spreads calls over the addresses of a name",
  },
  connector: {
    routing: "the connector forward joins pipelines, and the processor filter chooses what passes each",
    spanmetrics: behind("metrics are not made of spans here"),
    servicegraph: behind("metrics are not made of spans here"),
    count: behind("records are not counted into metrics here"),
  },
  extension: {
    zpages: inspection,
    pprof: `${inspection}; a profile comes from node --cpu-prof`,
    memory_ballast: "remove it: Node needs none; the processor memory_limiter bounds the memory",
    health_check_v2: "the extension health_check answers for the whole collector",
    healthcheckv2: "the extension health_check answers for the whole collector",
    oauth2client: "the extension bearer_token_auth reads a token from a file, which another program may renew",
    headers_setter: "set headers of the exporter; a batch carries no headers of its sender",
    db_storage: "the extension file_storage keeps queues and checkpoints",
    redis_storage: "the extension file_storage keeps queues and checkpoints",
  },
};

/** What to do instead with a type of another collector; `undefined` for one that nobody knows. */
export function adviceOn(kind: ComponentKind, type: string): string | undefined {
  const known = advice[kind];
  return Object.hasOwn(known, type) ? known[type] : undefined;
}

/** Every type that there is advice on. */
export function advisedTypes(): readonly { readonly kind: ComponentKind; readonly type: string }[] {
  return componentKinds.flatMap((kind) => Object.keys(advice[kind]).map((type) => ({ kind, type })));
}
