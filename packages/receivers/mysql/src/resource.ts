import { platformAttributeNames, platformAttributes } from "@dbintel/instances";
import type { AnyValue, ResourceInit, ScopeInit } from "@dbintel/pdata";
import type { BuildInfo } from "@dbintel/pipeline";
import type { Capabilities } from "./connection/capabilities.ts";

/** The attributes of the resource, one resource for each server; each can be turned off. */
export const resourceAttributeNames = [
  "mysql.instance.endpoint",
  "service.instance.id",
  "server.address",
  "server.port",
  "db.system.name",
  ...platformAttributeNames,
] as const;
type ResourceAttributeName = (typeof resourceAttributeNames)[number];

/** What of the resource is known before the server was asked. */
export interface Instance {
  readonly host: string;
  /** 0 where it is a Unix socket, whose path is the host. */
  readonly port: number;
  readonly enabled: (name: ResourceAttributeName) => boolean;
  /** More of them, which the configuration gives to this server; those of the receiver win. */
  readonly attributes?: Readonly<Record<string, AnyValue>>;
}

/**
 * The server that everything else is about. New Relic makes its entity of `mysql.instance.endpoint` = host:port, and
 * joins applications to it by `server.address` and `server.port`.
 */
export function instanceResource(
  { host, port, enabled, attributes: given = {} }: Instance,
  { product, platform }: Pick<Capabilities, "product" | "platform">,
): ResourceInit {
  const endpoint = port === 0 ? host : `${host}:${port}`;
  const attributes: Readonly<Record<string, AnyValue>> = {
    "mysql.instance.endpoint": endpoint,
    "service.instance.id": endpoint,
    "server.address": host,
    ...(port === 0 ? {} : { "server.port": BigInt(port) }),
    "db.system.name": product,
    ...platformAttributes(platform),
  };
  const told = resourceAttributeNames.filter((name) => enabled(name) && attributes[name] !== undefined);
  return { attributes: { ...given, ...Object.fromEntries(told.map((name) => [name, attributes[name]] as const)) } };
}

/** Who measured, and what version of the database. */
export function receiverScope(build: BuildInfo, { version }: Capabilities): ScopeInit {
  return { name: "@dbintel/receiver-mysql", version: build.version, attributes: { "db.version": version } };
}
