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
  /** Schemas of the provider's own. */
  readonly schemas: readonly string[];
  /** The consumers of performance_schema that were turned on by hand are off again after a restart. */
  readonly forgetsConsumers?: true;
  /** Beginnings of the versions whose counts of statements by digest are wrong. */
  readonly wrongDigestCounts?: readonly string[];
}

const aws = { users: ["rdsadmin", "rdsrepladmin"], schemas: ["rdsadmin"], forgetsConsumers: true } as const;

const traits: Readonly<Record<Platform, PlatformTraits>> = {
  self_managed: { users: [], schemas: [] },
  rds: aws,
  // https://github.com/awslabs/amazon-aurora-mysql-labs, issue 61
  aurora: { ...aws, wrongDigestCounts: ["5.7."] },
  cloud_sql: { users: ["cloudsqladmin", "cloudsqlapplier", "cloudsqlreadonly"], schemas: ["cloudsqladmin"] },
  azure: { users: ["azure_superuser", "azuresu"], schemas: ["azure_maintenance", "azure_sys"] },
  alloydb: { users: [], schemas: [] },
};

/** Before it is known what the server runs on nothing of a provider is told. */
const unknown: PlatformTraits = {
  users: Object.values(traits).flatMap(({ users }) => users),
  schemas: Object.values(traits).flatMap(({ schemas }) => schemas),
};

export function platformTraits(platform: Platform | undefined): PlatformTraits {
  return platform === undefined ? unknown : traits[platform];
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
