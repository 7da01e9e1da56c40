/**
 * What every listener of the collector shares: where `localhost` is, and what a failed bind tells the operator.
 * The entry point `@dbintel/pipeline/listen`.
 */
import type { Server as HttpServer, IncomingMessage } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { formatHostPort, type HostPort } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import type { Clock } from "./clock.ts";

export { ServerTls, serverTlsSettings } from "./server-tls.ts";

/** True when only programs on this machine can reach the address. */
export function isLoopback({ host }: HostPort): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** The value of a header by its name in lower case. Node keeps a few repeated ones apart: those carry no credentials. */
export function headerOf({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

/**
 * Binds the server and resolves with its address, the port that was chosen where the given one is 0.
 * Rejects with `DBI_LISTEN`. `setting` names the key of the configuration that holds the address, for the hint.
 */
export async function listen(
  server: Server,
  options: { readonly address: HostPort; readonly setting: string },
): Promise<HostPort> {
  const { address, setting } = options;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  // "localhost" may resolve to ::1 alone while clients use 127.0.0.1, or the other way round.
  const host = address.host === "localhost" ? "127.0.0.1" : address.host;
  server.listen({ host, port: address.port }, resolve);
  try {
    await promise;
  } catch (cause) {
    throw listenError(address, setting, cause);
  } finally {
    server.off("error", reject);
  }
  const bound = server.address() as AddressInfo;
  return { host: bound.address, port: bound.port };
}

/** A client that has not said what it wants, or does not read its answer, is not waited for longer. */
const graceMs = 1000;

/**
 * Listens no more and resolves when every connection is closed: those without a request at once, those with one when it
 * is answered, all of them after a second or when `signal` is aborted. Nobody gets half an answer who reads it.
 */
export async function closeServer(
  server: HttpServer,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const cut = () => server.closeAllConnections();
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  if (signal.aborted) cut();
  signal.addEventListener("abort", cut, { once: true });
  const timer = clock.schedule(graceMs, cut);
  await promise;
  timer.cancel();
  signal.removeEventListener("abort", cut);
}

const hints: Readonly<Record<string, string>> = {
  EADDRINUSE: "Another program listens there, perhaps another collector: stop it, or choose another port in",
  EACCES: "Ports below 1024 need a privilege: choose a higher one in",
  EADDRNOTAVAIL: "The machine does not have this address: choose localhost, or 0.0.0.0 for all addresses, in",
  ENOTFOUND: "The name does not resolve: choose localhost or an address of this machine in",
};

function listenError(address: HostPort, setting: string, cause: unknown): DbintelError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new DbintelError(`cannot listen on ${formatHostPort(address)}: ${code}`, {
    code: "DBI_LISTEN",
    hint: `${hints[code] ?? "Check"} ${setting}.`,
    cause,
  });
}
