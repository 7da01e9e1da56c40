import type { DbintelError } from "@dbintel/errors";
import { clockSkew, encryption, parseEndpoint } from "@dbintel/watching";
import type { MysqlConfig } from "../config.ts";
import type { MysqlCheck } from "./checks.ts";
import type { ServerFacts } from "./facts.ts";

/** What a session that could not be opened says of encryption or of logging in. */
export function loginFailure({ message, hint }: DbintelError): MysqlCheck {
  // The way out of what TLS reports is a setting of `tls`.
  const code = /\btls\b/.test(hint ?? "") ? "MY-CONN-002" : "MY-CONN-003";
  return { code, status: "fail", message, hint };
}

/** What an open session says of itself. `asked` is this machine's clock around the question, in microseconds. */
export function sessionChecks(
  facts: ServerFacts,
  config: MysqlConfig,
  asked: { readonly before: bigint; readonly after: bigint },
): readonly MysqlCheck[] {
  const { host } = parseEndpoint(config.endpoint);
  const { protocol } = facts;
  return [
    { code: "MY-CONN-002", ...encryption({ protocol, host, skipVerify: config.tls.insecure_skip_verify }) },
    { code: "MY-CONN-003", status: "ok", message: `user ${config.username} is let in, as ${facts.account}` },
    readOnly(facts),
    { code: "MY-CONN-005", ...clockSkew(facts.clockMicros, asked) },
  ];
}

function readOnly({ values }: ServerFacts): MysqlCheck {
  const code = "MY-CONN-004";
  const value = values.get("transaction_read_only") ?? values.get("tx_read_only");
  if (value === "ON") return { code, status: "ok", message: "the session is read-only" };
  const hint = "connect to the server itself and not through a proxy that shares sessions";
  return { code, status: "fail", message: "the session is not read-only although it was made so", hint };
}
