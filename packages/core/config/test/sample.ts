import { z } from "zod";
import {
  byteSize,
  type CheckedConfig,
  type ComponentType,
  checkConfig,
  createRegistry,
  duration,
  endpointUrl,
  extensionId,
  formatDiagnostics,
  type HostPort,
  headers,
  hostPort,
  loadConfig,
  secret,
} from "../src/index.ts";

const every = { logs: "stable", metrics: "stable", traces: "stable" } as const;
const toggle = z.strictObject({ enabled: z.boolean().default(true) });

/** Components with one of every kind of setting. */
export const definitions = [
  {
    kind: "receiver",
    type: "otlp",
    description: "Takes OTLP.",
    signals: every,
    schema: z.strictObject({
      protocols: z
        .strictObject({ http: z.strictObject({ endpoint: hostPort().prefault("localhost:4318") }).optional() })
        .prefault({}),
    }),
    listeners: ({ protocols: { http } }: { protocols: { http?: { endpoint: HostPort } } }) =>
      http === undefined ? [] : [{ address: http.endpoint }],
  },
  {
    kind: "receiver",
    type: "postgresql",
    description: "Watches PostgreSQL.",
    signals: { logs: "beta", metrics: "beta" },
    schema: z.strictObject({
      endpoint: z.string().min(1).describe("Host and port."),
      username: z.string().default("postgres"),
      password: secret().optional(),
      databases: z.array(z.string()).default([]),
      interval: duration().prefault("10s"),
      connections: z.int().min(1).max(2).default(2),
      mode: z.enum(["fast", "thorough"]).default("fast"),
      events: z
        .strictObject({ "db.server.top_query": toggle.prefault({}), "db.server.query_sample": toggle.prefault({}) })
        .prefault({}),
      attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).default({}),
      shape: z
        .discriminatedUnion("kind", [
          z.strictObject({ kind: z.literal("round"), radius: z.number() }),
          z.strictObject({ kind: z.literal("square"), side: z.number() }),
        ])
        .optional(),
    }),
  },
  {
    kind: "processor",
    type: "batch",
    description: "Joins batches.",
    signals: every,
    schema: z.strictObject({ timeout: duration().prefault("200ms"), send_batch_size: z.int().default(8192) }),
  },
  {
    kind: "processor",
    type: "filter",
    description: "Drops records.",
    signals: every,
    schema: z.strictObject({
      conditions: z.array(z.strictObject({ when: z.string(), drop: z.boolean().default(true) })).min(1),
    }),
  },
  {
    kind: "exporter",
    type: "debug",
    description: "Prints.",
    signals: every,
    schema: z.strictObject({ verbosity: z.enum(["basic", "detailed"]).default("basic") }),
  },
  {
    kind: "exporter",
    type: "otlp_http",
    aliases: ["otlphttp"],
    description: "Sends OTLP.",
    signals: every,
    schema: z.strictObject({
      endpoint: endpointUrl(),
      headers: headers().default({}),
      max_size: byteSize().prefault("1MiB"),
      queue: z.strictObject({ storage: extensionId().optional().describe("Where it is.") }).prefault({}),
    }),
  },
  {
    kind: "connector",
    type: "forward",
    description: "Passes on.",
    signals: { logs: { logs: "stable" }, metrics: { metrics: "stable" }, traces: { traces: "stable" } },
    schema: z.strictObject({}),
  },
  {
    kind: "connector",
    type: "count",
    description: "Counts logs.",
    signals: { logs: { metrics: "stable" } },
    schema: z.strictObject({}),
  },
  {
    kind: "extension",
    type: "health_check",
    description: "Answers.",
    schema: z.strictObject({ endpoint: hostPort().prefault("localhost:13133") }),
    listeners: ({ endpoint }: { endpoint: HostPort }) => [{ address: endpoint }],
  },
] as const satisfies readonly ComponentType[];

export const telemetrySchema = z.strictObject({
  logs: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).default("info") }).prefault({}),
  listen: z.strictObject({ host: z.string(), port: z.int() }).optional(),
});

export const registry = createRegistry<(typeof definitions)[number]>(definitions);

export interface SampleOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly set?: readonly string[];
  readonly sources?: readonly string[];
}

/** A reader of files that are given as texts; any other path is missing. */
export function readFrom(files: Readonly<Record<string, string>>) {
  return (path: string): Uint8Array => {
    const text = files[path];
    if (text === undefined) throw Object.assign(new Error(path), { errno: -2, code: "ENOENT" });
    return new TextEncoder().encode(text);
  };
}

/** Loads and checks `c.yaml` against the sample components. */
export function check(
  yaml: string,
  { files = {}, env = {}, set = [], sources = ["c.yaml"] }: SampleOptions = {},
): CheckedConfig<(typeof definitions)[number], z.output<typeof telemetrySchema>> {
  const loaded = loadConfig({ sources, set, env, readFile: readFrom({ "c.yaml": yaml, ...files }) });
  return checkConfig(loaded, {
    registry,
    telemetrySchema,
    telemetryListeners: ({ listen }) => (listen === undefined ? [] : [{ address: listen }]),
  });
}

/** The findings of {@link check} as they are printed. */
export function findings(yaml: string, options: SampleOptions = {}): string {
  return formatDiagnostics(check(yaml, options).diagnostics);
}

/** A configuration without findings, to which a test adds what it is about. */
export const valid = `receivers:
  postgresql:
    endpoint: localhost:5432
exporters:
  debug:
service:
  pipelines:
    logs:
      receivers: [postgresql]
      exporters: [debug]
`;

/** {@link valid} with lines added to the settings of the receiver, from line 4 on. */
export function withSettings(...lines: readonly string[]): string {
  return valid.replace(":5432\n", `:5432\n${lines.map((line) => `    ${line}\n`).join("")}`);
}
