import type { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import { parseEndpoint, reach } from "@dbintel/watching";
import type { PostgresqlConfig } from "../config.ts";
import type { PostgresqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";

const widestSkewMs = 2000;

/** Whether anybody listens there. */
export async function reachCheck(
  config: PostgresqlConfig,
  args: { readonly host: Host; readonly signal: AbortSignal },
): Promise<PostgresqlCheck> {
  const { host, port } = parseEndpoint(config.endpoint);
  const path = `${host.startsWith("/") ? host : `/${host}`}/.s.PGSQL.${port}`;
  const address = config.transport === "unix" ? { path } : { host, port };
  const code = "PG-CONN-001";
  try {
    const took = await reach(address, { clock: args.host.clock, signal: args.signal });
    return { code, status: "ok", message: `it answers in ${took.toFixed(1)} ms` };
  } catch (error) {
    args.signal.throwIfAborted();
    const message = error instanceof Error && error.message !== "" ? error.message : String(error);
    const hint = "check endpoint, that the server runs and listens there, and that no firewall is in between";
    return { code, status: "fail", message, hint };
  }
}

/** What a session that could not be opened says of encryption, of logging in, or of the version. */
export function loginFailure(problem: DbintelError): PostgresqlCheck {
  const { message, hint } = problem;
  const failed = { status: "fail", message, hint } as const;
  if (problem.code === "DBI_DATABASE_VERSION") return { code: "PG-SERVER-001", ...failed };
  // The way out of what TLS reports is a setting of `tls`.
  if (/\btls\b/.test(hint ?? "")) return { code: "PG-CONN-002", ...failed };
  if (hint?.includes("pooler")) return { code: "PG-CONN-004", ...failed };
  return { code: "PG-CONN-003", ...failed };
}

/** What an open session says of itself. `clockMicros` is this machine's clock in the middle of the question. */
export function sessionChecks(
  facts: ServerFacts,
  config: PostgresqlConfig,
  clockMicros: bigint,
): readonly PostgresqlCheck[] {
  return [encryption(facts, config), login(config), pooler(facts), clock(facts, clockMicros)];
}

function encryption({ encryption: version }: ServerFacts, config: PostgresqlConfig): PostgresqlCheck {
  const code = "PG-CONN-002";
  if (config.transport === "unix") return { code, status: "ok", message: "a Unix socket needs no encryption" };
  if (version === undefined) {
    const { host } = parseEndpoint(config.endpoint);
    if (/^(localhost|127\.[\d.]+|::1)$/.test(host)) {
      return { code, status: "ok", message: "not encrypted, and it does not leave this machine" };
    }
    const hint = "turn on ssl in the server's configuration, and take tls.insecure out of the collector's";
    return { code, status: "warn", message: "not encrypted: everybody on the way can read along", hint };
  }
  if (config.tls.insecure_skip_verify) {
    const hint = "name the certificate authority in tls.ca_file, and take out tls.insecure_skip_verify";
    return { code, status: "warn", message: `${version}; whose certificate it is nobody looked at`, hint };
  }
  return { code, status: "ok", message: `${version}, the certificate is trusted` };
}

function login({ username, connect_database: database }: PostgresqlConfig): PostgresqlCheck {
  return { code: "PG-CONN-003", status: "ok", message: `user ${username} is let in to database ${database}` };
}

function pooler({ readOnly }: ServerFacts): PostgresqlCheck {
  const code = "PG-CONN-004";
  if (readOnly) return { code, status: "ok", message: "what the session was begun with holds" };
  const hint = "connect to the server itself and not through a connection pooler such as PgBouncer";
  return { code, status: "fail", message: "the session is not read-only although it was begun so", hint };
}

function clock({ clockMicros: theirs }: ServerFacts, ours: bigint): PostgresqlCheck {
  const code = "PG-CONN-005";
  const skewMs = Number(theirs - ours) / 1000;
  const told = `the server's clock is ${Math.abs(skewMs / 1000).toFixed(1)} s ${skewMs < 0 ? "behind" : "ahead"}`;
  if (Math.abs(skewMs) <= widestSkewMs) return { code, status: "ok", message: told };
  return { code, status: "warn", message: told, hint: "let both machines keep their time by NTP" };
}
