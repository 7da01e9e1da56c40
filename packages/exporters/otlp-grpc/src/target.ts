import { isIPv4 } from "node:net";

/** A server as the library dials it. */
export interface Target {
  /** `host:port`, or an address with a scheme of gRPC such as `dns:///host:port`. */
  readonly address: string;
  /** Whether a scheme of the endpoint says so; `undefined` when `tls` decides. */
  readonly secure: boolean | undefined;
  /** Whether calls stay on this machine. */
  readonly loopback: boolean;
}

/** Reads the setting `endpoint`. */
export function parseTarget(endpoint: string): Target | { readonly problem: string } {
  const match =
    /^(?:(https?):\/\/|(dns:\/\/[^/]*\/|passthrough:\/\/\/))?((?:\[[^\]\s]+\]|[^\s:/@[\]]+):\d{1,5})\/?$/.exec(
      endpoint,
    );
  const address = match?.[3];
  if (match === null || address === undefined) {
    return { problem: 'expected host:port, such as "backend.example:4317" or "https://backend.example:4317"' };
  }
  const [, scheme, resolver = ""] = match;
  const host = address.slice(0, address.lastIndexOf(":"));
  const loopback = host === "localhost" || host === "[::1]" || (isIPv4(host) && host.startsWith("127."));
  return { address: resolver + address, secure: scheme === undefined ? undefined : scheme === "https", loopback };
}
