import { z } from "zod";
import { secret } from "./secret.ts";

const urlMessage = 'expected a URL such as "https://otlp.example.com:4318"';

/** Where an exporter sends to: an `http` or `https` URL. The program gets the text as it is written. */
export function endpointUrl() {
  return z
    .string({ error: urlMessage })
    .refine((text) => /^https?:$/.test(URL.parse(text)?.protocol ?? ""), { error: urlMessage })
    .meta({ title: "URL" });
}

/** Where a listener binds, or a server that is no URL. */
export interface HostPort {
  /** A name or an address, without brackets; `0.0.0.0` where only a port is written. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
}

const hostPortMessage = 'expected a host and a port such as "localhost:4318" or "[::1]:4318"';

/** Reads `localhost:4318`, `[::1]:4318`, `:4318`; `undefined` when the text is none. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[([0-9a-fA-F:.%\w]+)\]|([^\s:/@[\]]*)):(\d{1,5})$/.exec(text.trim());
  if (match === null) return undefined;
  const port = Number(match[3]);
  return port > 65_535 ? undefined : { host: match[1] ?? (match[2] || "0.0.0.0"), port };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/**
 * Whether the system refuses the second of two listeners on these addresses. A listener on `::` takes IPv4 as well,
 * and the collector binds `localhost` to 127.0.0.1; port 0 is another one each time.
 */
export function shareAddress(one: HostPort, other: HostPort): boolean {
  if (one.port !== other.port || one.port === 0) return false;
  const [host, otherHost] = [numeric(one), numeric(other)];
  return host === otherHost || takes(host, otherHost) || takes(otherHost, host);
}

function takes(host: string, other: string): boolean {
  return host === "::" || (host === "0.0.0.0" && !other.includes(":"));
}

function numeric({ host }: HostPort): string {
  return host === "localhost" ? "127.0.0.1" : host.toLowerCase();
}

/** A host and a port in one text, as the OpenTelemetry Collector's `endpoint` of a listener. */
export function hostPort() {
  return z
    .string({ error: hostPortMessage })
    .transform((text, context): HostPort => {
      const value = parseHostPort(text);
      if (value !== undefined) return value;
      context.issues.push({ code: "custom", input: text, message: hostPortMessage });
      return z.NEVER;
    })
    .meta({ title: "host:port" });
}

/**
 * HTTP headers or gRPC metadata by name. Every value is a secret, whatever its name: `api-key`, `authorization` and
 * the like are what headers of an exporter are for.
 */
export function headers() {
  const name = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, { error: "is not the name of a header" });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: RFC 9110, 5.5 rules them out of a value.
  const value = z.string().regex(/^[^\u0000\r\n]*$/, { error: "a header cannot hold a line break" });
  return z.record(name, secret(value));
}
