import type { Platform } from "@dbintel/instances";

/** The platforms that MySQL is offered on. */
export const mysqlPlatforms = [
  "self_managed",
  "rds",
  "aurora",
  "cloud_sql",
  "azure",
] as const satisfies readonly Platform[];

/** How a managed service differs from a server of one's own. */
interface PlatformTraits {
  /** Users whose sessions and statements are the provider's own. */
  readonly users: readonly string[];
  /** The consumers of performance_schema that were turned on by hand are off again after a restart. */
  readonly forgetsConsumers?: true;
  /** Beginnings of the versions whose counts of statements by digest are wrong. */
  readonly wrongDigestCounts?: readonly string[];
}

const traits: Readonly<Record<Platform, PlatformTraits>> = {
  self_managed: { users: [] },
  rds: { users: ["rdsadmin", "rdsrepladmin"], forgetsConsumers: true },
  // https://github.com/awslabs/amazon-aurora-mysql-labs, issue 61
  aurora: { users: ["rdsadmin", "rdsrepladmin"], forgetsConsumers: true, wrongDigestCounts: ["5.7."] },
  cloud_sql: { users: ["cloudsqladmin", "cloudsqlapplier", "cloudsqlreadonly"] },
  azure: { users: ["azure_superuser", "azuresu"] },
  alloydb: { users: [] },
};

export function platformTraits(platform: Platform): PlatformTraits {
  return traits[platform];
}

/** The variables by which a platform is known, to be asked for with others. */
export const platformVariables = ["version", "version_comment", "basedir", "aurora_version"] as const;

/** The platform that the server's variables tell, by their lower-case names. */
export function platformOf(variables: ReadonlyMap<string, string>): Platform {
  const value = (name: (typeof platformVariables)[number]) => variables.get(name) ?? "";
  if (value("aurora_version") !== "") return "aurora";
  if (/^\/rdsdbbin\b/.test(value("basedir"))) return "rds";
  const told = `${value("version")} ${value("version_comment")}`.toLowerCase();
  if (/-google\b|\(google\)/.test(told)) return "cloud_sql";
  if (/-azure\b|\bazure\b/.test(told)) return "azure";
  return "self_managed";
}
