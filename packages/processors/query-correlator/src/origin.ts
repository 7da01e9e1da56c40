import { type Attributes, attributeKey } from "@dbintel/pdata";

const addressKeys = [attributeKey("server.address"), attributeKey("net.peer.name")] as const;
const portKeys = [attributeKey("server.port"), attributeKey("net.peer.port")] as const;
const endpointKey = attributeKey("mysql.instance.endpoint");
const instanceKey = attributeKey("service.instance.id");
const namespaceKeys = ["db.namespace", "db.name", "postgresql.database.name", "sqlserver.database.name"].map((name) =>
  attributeKey(name),
);
const systemKeys = [attributeKey("db.system.name"), attributeKey("db.system")] as const;

const usualPorts: Readonly<Record<string, number>> = {
  postgresql: 5432,
  mysql: 3306,
  mariadb: 3306,
  mssql: 1433,
  "microsoft.sql_server": 1433,
};

const loopback = new Set(["127.0.0.1", "::1", "[::1]"]);

/** The server that a receiver's item is about as `host:port`; "" where it does not say. */
export function serverOf(item: Attributes, resource: Attributes): string {
  const address = first(addressKeys, item) ?? first(addressKeys, resource);
  const port = number(portKeys, item) ?? number(portKeys, resource);
  if (address !== undefined && address !== "" && port !== undefined) return serverName(address, port);
  const endpoint = resource.getString(endpointKey) ?? resource.getString(instanceKey);
  if (endpoint !== undefined) return endpointName(endpoint);
  return address === undefined || address === "" ? "" : serverName(address, usualPort(item, resource));
}

/**
 * The server that a span called. The `service.instance.id` of a span's resource is the application's, so only the
 * address counts.
 */
export function calledServer(span: Attributes): string {
  const address = first(addressKeys, span);
  if (address === undefined || address === "") return "";
  return serverName(address, number(portKeys, span) ?? usualPort(span, span));
}

function serverName(address: string, port: number): string {
  return `${loopback.has(address) ? "localhost" : address.toLowerCase()}:${port}`;
}

/** An instance may also be called by something that is no address. */
function endpointName(endpoint: string): string {
  const colon = endpoint.lastIndexOf(":");
  const port = Number(endpoint.slice(colon + 1));
  return colon > 0 && Number.isInteger(port) ? serverName(endpoint.slice(0, colon), port) : endpoint;
}

function usualPort(item: Attributes, resource: Attributes): number {
  return usualPorts[systemOf(item, resource)] ?? 0;
}

/** `db.system.name`, or what it was called before; "" where nothing says. */
function systemOf(item: Attributes, resource: Attributes): string {
  return first(systemKeys, item) ?? first(systemKeys, resource) ?? "";
}

/**
 * The database and, where the convention's `{database}|{schema}` is followed, the schema behind it
 * (OpenTelemetry semantic conventions, PostgreSQL, `db.namespace`).
 */
export function databaseOf(item: Attributes, resource: Attributes): string {
  const name = first(namespaceKeys, item) ?? first(namespaceKeys, resource) ?? "";
  const bar = name.indexOf("|");
  return bar < 0 ? name : name.slice(0, bar);
}

function first(keys: readonly ReturnType<typeof attributeKey>[], attributes: Attributes): string | undefined {
  for (const key of keys) {
    const value = attributes.getString(key);
    if (value !== undefined) return value;
  }
  return undefined;
}

function number(keys: readonly ReturnType<typeof attributeKey>[], attributes: Attributes): number | undefined {
  for (const key of keys) {
    const value = attributes.getNumber(key);
    if (value !== undefined) return value;
  }
  return undefined;
}
