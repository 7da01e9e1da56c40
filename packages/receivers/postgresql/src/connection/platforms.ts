import type { Platform } from "@dbintel/instances";

/** How a managed service differs from a server of one's own. */
export interface PlatformTraits {
  /** Roles and functions by one of which the service is known; the service makes them in every server. */
  readonly roles: readonly string[];
  readonly functions: readonly string[];
  /** Databases that belong to the provider and that nobody else may enter. */
  readonly databases: readonly string[];
  /** Users whose sessions and statements are the provider's own. */
  readonly users: readonly string[];
  /** Counters that are wrong there: the times that utility statements spend on reading and writing. */
  readonly wrongUtilityIoTimes?: true;
}

/** What is known of each platform. A platform that is built on another comes before it: the first whose sign is there is it. */
const traits = {
  aurora: {
    roles: [],
    functions: ["aurora_version"],
    databases: ["rdsadmin"],
    users: ["rdsadmin"],
    wrongUtilityIoTimes: true,
  },
  rds: { roles: ["rdsadmin", "rds_superuser"], functions: [], databases: ["rdsadmin"], users: ["rdsadmin"] },
  alloydb: {
    roles: ["alloydbsuperuser", "alloydbadmin"],
    functions: [],
    databases: ["alloydbadmin", "alloydbmetadata", "cloudsqladmin"],
    users: ["alloydbadmin", "alloydbagent", "alloydbmetadata", "cloudsqladmin", "cloudsqlagent"],
  },
  cloud_sql: {
    roles: ["cloudsqlsuperuser", "cloudsqladmin"],
    functions: [],
    databases: ["cloudsqladmin"],
    users: ["cloudsqladmin", "cloudsqlagent", "cloudsqlreplica"],
  },
  azure: {
    roles: ["azure_pg_admin", "azuresu"],
    functions: [],
    databases: ["azure_maintenance", "azure_sys"],
    users: ["azuresu", "azure_superuser"],
  },
  self_managed: { roles: [], functions: [], databases: [], users: [] },
} as const satisfies Readonly<Record<Platform, PlatformTraits>>;

/** Before it is known what the server runs on nothing of a provider is entered. */
const unknown: PlatformTraits = {
  roles: Object.values(traits).flatMap(({ roles }) => roles),
  functions: Object.values(traits).flatMap(({ functions }) => functions),
  databases: Object.values(traits).flatMap(({ databases }) => databases),
  users: Object.values(traits).flatMap(({ users }) => users),
};

export function platformTraits(platform: Platform | undefined): PlatformTraits {
  return platform === undefined ? unknown : traits[platform];
}

/**
 * Columns with the signs of platforms that this server has, and with the users of providers as `oid=name`. Catalogs that
 * everybody may read, each by an index.
 */
export const platformColumns = `
  (SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolname IN (${list(unknown.roles)})) AS platform_roles,
  (SELECT string_agg(oid || '=' || rolname, ',') FROM pg_roles WHERE rolname IN (${list(unknown.users)})) AS platform_users,
  (SELECT string_agg(DISTINCT proname, ',') FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace
      AND proname IN (${list(unknown.functions)})) AS platform_functions`;

/** The platform that the two columns tell. */
export function platformOf(signs: { readonly roles: string; readonly functions: string }): Platform {
  const roles = new Set(signs.roles.split(","));
  const functions = new Set(signs.functions.split(","));
  for (const [platform, { roles: itsRoles, functions: itsFunctions }] of Object.entries(traits)) {
    const isIt = itsRoles.some((name) => roles.has(name)) || itsFunctions.some((name) => functions.has(name));
    if (isIt) return platform as Platform;
  }
  return "self_managed";
}

/** The users of the platform's provider, by their oids; `users` is the column of that name. */
export function providerUsers(platform: Platform, users: string): ReadonlySet<number> {
  const named = users.split(",").map((user) => user.split("="));
  return new Set(
    named.filter(([, name = ""]) => traits[platform].users.some((own) => own === name)).map(([oid]) => Number(oid)),
  );
}

function list(names: readonly string[]): string {
  return names.map((name) => `'${name}'`).join(", ");
}
