import type { ResourceInit, ScopeInit } from "@dbintel/pdata";
import type { BuildInfo } from "@dbintel/pipeline";

/** The attributes of the resource, one resource for each server; each can be turned off. */
export const resourceAttributeNames = [
  "service.instance.id",
  "server.address",
  "server.port",
  "db.system.name",
] as const;
export type ResourceAttributeName = (typeof resourceAttributeNames)[number];

/**
 * The server that everything else is about. New Relic makes its entity of `service.instance.id` = host:port and of
 * `db.system.name`, and joins applications to it by `server.address` and `server.port`.
 */
export function instanceResource(args: {
  readonly host: string;
  readonly port: number;
  readonly enabled: (name: ResourceAttributeName) => boolean;
}): ResourceInit {
  const attributes = {
    "service.instance.id": `${args.host}:${args.port}`,
    "server.address": args.host,
    "server.port": BigInt(args.port),
    "db.system.name": "postgresql",
  };
  return {
    attributes: Object.fromEntries(
      resourceAttributeNames.filter(args.enabled).map((name) => [name, attributes[name]] as const),
    ),
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
