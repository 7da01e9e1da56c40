import { z } from "zod";

/** `host:port`, the host a name, an address or an IPv6 address in brackets; or the path of a Unix socket. */
const endpointPattern = /^(\[[^\]]+\]|[^:\s]+):(\d{1,5})$/;
const socketPattern = /^\/[^:\s]+$/;

/** Where a server is: `host:port`, or the path of its Unix socket. */
export function endpointText() {
  return z
    .string()
    .refine((text) => endpointPattern.test(text) || socketPattern.test(text), 'expected "host:port"')
    .meta({ title: "host:port" });
}

/** Host and port of an endpoint that the schema has accepted; for the path of a socket the path and port 0. */
export function parseEndpoint(endpoint: string): { readonly host: string; readonly port: number } {
  const [, host = endpoint, port = "0"] = endpointPattern.exec(endpoint) ?? [];
  return { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
