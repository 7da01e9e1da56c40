import type { AnyValue } from "@dbintel/pdata";

/** What a server may run on. `self_managed` is every machine whose administrator is the server's superuser. */
export const platforms = ["self_managed", "rds", "aurora", "cloud_sql", "azure", "alloydb"] as const;
export type Platform = (typeof platforms)[number];

/** The attributes of a resource that tell its platform. */
export const platformAttributeNames = ["cloud.provider", "cloud.platform"] as const;

/**
 * OpenTelemetry's values of `cloud.provider`. Those of `cloud.platform` are our own: the semantic conventions name no
 * database service, and allow a custom value there.
 */
const clouds: Readonly<Record<Exclude<Platform, "self_managed">, { provider: string; platform: string }>> = {
  rds: { provider: "aws", platform: "aws_rds" },
  aurora: { provider: "aws", platform: "aws_aurora" },
  cloud_sql: { provider: "gcp", platform: "gcp_cloud_sql" },
  alloydb: { provider: "gcp", platform: "gcp_alloydb" },
  azure: { provider: "azure", platform: "azure_database" },
};

/** What the resource of a server says of its platform; nothing where its own administrators run it. */
export function platformAttributes(platform: Platform | undefined): Readonly<Record<string, AnyValue>> {
  if (platform === undefined || platform === "self_managed") return {};
  const cloud = clouds[platform];
  return { "cloud.provider": cloud.provider, "cloud.platform": cloud.platform };
}

/**
 * What one server runs on: what the configuration says, or else what was found out about it last. One for all
 * sessions on the server.
 */
export class ServerPlatform {
  readonly #configured: Platform | undefined;
  #found: Platform | undefined;

  constructor(configured?: Platform) {
    this.#configured = configured;
  }

  /** `undefined` until the server was asked. */
  get current(): Platform | undefined {
    return this.#configured ?? this.#found;
  }

  /** Takes what a session has found out; returns what counts. */
  found(platform: Platform): Platform {
    this.#found = platform;
    return this.#configured ?? platform;
  }
}
