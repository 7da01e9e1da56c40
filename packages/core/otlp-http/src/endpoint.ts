import { isIPv4 } from "node:net";
import type { Signal } from "@dbintel/pdata";
import type { OtlpHttpConfig } from "./config.ts";

/** Where the requests of one signal go. */
export interface Endpoint {
  readonly url: URL;
  /** For messages: without the query, which may hold a key. */
  readonly label: string;
}

/** The URL of a signal: its own, or `endpoint` + `/v1/<signal>` with one slash between; `undefined` without either. */
export function endpointOf(config: OtlpHttpConfig, signal: Signal): Endpoint | undefined {
  const own = config[`${signal}_endpoint`];
  const base = config.endpoint;
  if (own === undefined && base === undefined) return undefined;
  const url = new URL(own ?? base ?? "");
  if (own === undefined) url.pathname = `${url.pathname.replace(/\/+$/, "")}/v1/${signal}`;
  return { url, label: `${url.origin}${url.pathname}` };
}

/** What the query holds, which may be keys, as it is written and as it is meant. */
export function queryValues({ search, searchParams }: URL): readonly string[] {
  const written = search
    .slice(1)
    .split("&")
    .map((pair) => pair.slice(pair.indexOf("=") + 1));
  return [...new Set([...written, ...searchParams.values()])];
}

/** Whether a request stays on this machine. */
export function isLoopback(url: URL): boolean {
  const host = url.hostname;
  if (host === "localhost" || host.endsWith(".localhost") || host === "[::1]") return true;
  return isIPv4(host) && host.startsWith("127.");
}
