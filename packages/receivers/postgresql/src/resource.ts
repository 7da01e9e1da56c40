import { platformAttributeNames, platformAttributes, type ServerPlatform } from "@dbintel/instances";
import type { AnyValue, ResourceInit, ScopeInit } from "@dbintel/pdata";
import type { BuildInfo } from "@dbintel/pipeline";

/** The attributes of the resource, one resource for each server; each can be turned off. */
export const resourceAttributeNames = [
  "service.instance.id",
  "server.address",
  "server.port",
  "db.system.name",
  ...platformAttributeNames,
] as const;
export type ResourceAttributeName = (typeof resourceAttributeNames)[number];

/**
 * The server that everything else is about. New Relic makes its entity of `service.instance.id` = host:port and of
 * `db.system.name`, and joins applications to it by `server.address` and `server.port`. Read it when the server has
 * been asked: then it tells the platform too.
 */
export function instanceResource(args: {
  readonly host: string;
  readonly port: number;
  readonly enabled: (name: ResourceAttributeName) => boolean;
  readonly platform?: ServerPlatform;
  /** More of them, which the configuration gives to this server; those above win. */
  readonly attributes?: Readonly<Record<string, AnyValue>>;
}): ResourceInit {
  const { host, port, enabled, platform, attributes: given = {} } = args;
  const known: Readonly<Record<string, AnyValue>> = {
    "service.instance.id": `${host}:${port}`,
    "server.address": host,
    "server.port": BigInt(port),
    "db.system.name": "postgresql",
  };
  return {
    get attributes() {
      const attributes = { ...known, ...platformAttributes(platform?.current) };
      const told = resourceAttributeNames.filter((name) => enabled(name) && attributes[name] !== undefined);
      return { ...given, ...Object.fromEntries(told.map((name) => [name, attributes[name]] as const)) };
    },
  };
}

/** Who measured, and what version of the database. */
export function receiverScope(build: BuildInfo, serverVersion: string | undefined): ScopeInit {
  return {
    name: "@dbintel/receiver-postgresql",
    version: build.version,
    attributes: { "db.version": serverVersion },
  };
}
