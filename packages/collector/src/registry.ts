import type { ComponentRegistry } from "@dbintel/config";
import { createRegistry } from "@dbintel/config";
import type { ComponentDefinition, ComponentKind } from "@dbintel/pipeline";
import { componentKinds } from "@dbintel/pipeline";
import { adviceOn } from "./other-collectors.ts";

/** A component that the distribution knows; its code is loaded when a configuration names it. */
interface Entry {
  /** Old spellings: known before the code is loaded. A test holds them equal to the definition's. */
  readonly aliases?: readonly string[];
  readonly load: () => Promise<ComponentDefinition>;
}

/**
 * All components of the distribution by kind and type.
 *
 * Loading on demand keeps the start of the collector short: a configuration without PostgreSQL never loads its driver.
 */
const entries: { readonly [Kind in ComponentKind]: Readonly<Record<string, Entry>> } = {
  receiver: {
    mysql: { load: async () => (await import("@dbintel/receiver-mysql")).mysql.definition },
    otlp: { load: async () => (await import("@dbintel/receiver-otlp")).otlp.definition },
    postgresql: { load: async () => (await import("@dbintel/receiver-postgresql")).postgresql.definition },
  },
  processor: {
    adaptive_sampler: {
      aliases: ["adaptivesampler"],
      load: async () => (await import("@dbintel/processor-adaptive-sampler")).adaptiveSampler.definition,
    },
    attributes: { load: async () => (await import("@dbintel/processor-attributes")).attributes.definition },
    batch: { load: async () => (await import("@dbintel/processor-batch")).batch.definition },
    circuit_breaker: {
      aliases: ["circuitbreaker"],
      load: async () => (await import("@dbintel/processor-circuit-breaker")).circuitBreaker.definition,
    },
    cost_control: {
      aliases: ["costcontrol"],
      load: async () => (await import("@dbintel/processor-cost-control")).costControl.definition,
    },
    cumulative_to_delta: {
      aliases: ["cumulativetodelta"],
      load: async () => (await import("@dbintel/processor-cumulative-to-delta")).cumulativeToDelta.definition,
    },
    delta_to_cumulative: {
      aliases: ["deltatocumulative"],
      load: async () => (await import("@dbintel/processor-delta-to-cumulative")).deltaToCumulative.definition,
    },
    filter: { load: async () => (await import("@dbintel/processor-filter")).filter.definition },
    memory_limiter: { load: async () => (await import("@dbintel/processor-memory-limiter")).memoryLimiter.definition },
    nr_error_monitor: {
      aliases: ["nrerrormonitor"],
      load: async () => (await import("@dbintel/processor-nr-error-monitor")).nrErrorMonitor.definition,
    },
    plan_attribute_extractor: {
      aliases: ["planattributeextractor"],
      load: async () => (await import("@dbintel/processor-plan-attribute-extractor")).planAttributeExtractor.definition,
    },
    query_correlator: {
      aliases: ["querycorrelator"],
      load: async () => (await import("@dbintel/processor-query-correlator")).queryCorrelator.definition,
    },
    resource: { load: async () => (await import("@dbintel/processor-resource")).resource.definition },
    verification: { load: async () => (await import("@dbintel/processor-verification")).verification.definition },
  },
  exporter: {
    debug: { load: async () => (await import("@dbintel/exporter-debug")).debug.definition },
    file: { load: async () => (await import("@dbintel/exporter-file")).file.definition },
    new_relic: {
      aliases: ["newrelic"],
      load: async () => (await import("@dbintel/exporter-new-relic")).newRelic.definition,
    },
    nop: { load: async () => (await import("@dbintel/exporter-nop")).nop.definition },
    otlp_grpc: {
      aliases: ["otlp"],
      load: async () => (await import("@dbintel/exporter-otlp-grpc")).otlpGrpc.definition,
    },
    otlp_http: {
      aliases: ["otlphttp"],
      load: async () => (await import("@dbintel/exporter-otlp-http")).otlpHttp.definition,
    },
    prometheus: { load: async () => (await import("@dbintel/exporter-prometheus")).prometheus.definition },
  },
  connector: {
    failover: { load: async () => (await import("@dbintel/connector-failover")).failover.definition },
    forward: { load: async () => (await import("@dbintel/connector-forward")).forward.definition },
  },
  extension: {
    admin: { load: async () => (await import("@dbintel/extension-admin")).admin.definition },
    basic_auth: {
      aliases: ["basicauth"],
      load: async () => (await import("@dbintel/extension-basic-auth")).basicAuth.definition,
    },
    bearer_token_auth: {
      aliases: ["bearertokenauth"],
      load: async () => (await import("@dbintel/extension-bearer-token-auth")).bearerTokenAuth.definition,
    },
    file_storage: { load: async () => (await import("@dbintel/extension-file-storage")).fileStorage.definition },
    health_check: { load: async () => (await import("@dbintel/extension-health-check")).healthCheck.definition },
  },
};

/** A component by kind and the type that a configuration writes, which may be an alias. */
export interface ComponentName {
  readonly kind: ComponentKind;
  readonly type: string;
}

/** Loads the named components; unknown names are left out, the check of the configuration reports them. */
export async function loadRegistry(names: Iterable<ComponentName>): Promise<ComponentRegistry<ComponentDefinition>> {
  const wanted = new Set<Entry>();
  for (const name of names) {
    const entry = entryOf(name);
    if (entry !== undefined) wanted.add(entry);
  }
  const registry = createRegistry(await Promise.all([...wanted].map((entry) => entry.load())));
  return { lookup: (kind, type) => registry.lookup(kind, type), types: (kind) => Object.keys(entries[kind]), adviceOn };
}

/** Loads every component of the distribution, by kind and then by type. */
export function loadAllDefinitions(): Promise<readonly ComponentDefinition[]> {
  return Promise.all(componentKinds.flatMap((kind) => Object.values(entries[kind]).map((entry) => entry.load())));
}

/** The aliases that the registry knows before a component is loaded. */
export function aliasesOf({ kind, type }: ComponentName): readonly string[] {
  return entryOf({ kind, type })?.aliases ?? [];
}

function entryOf({ kind, type }: ComponentName): Entry | undefined {
  const known = entries[kind];
  if (Object.hasOwn(known, type)) return known[type];
  return Object.values(known).find(({ aliases }) => aliases?.includes(type) === true);
}
