import { lookup } from "node:dns/promises";
import { isDbintelError } from "@dbintel/errors";
import { type Batch, logsBuilder, metricsBuilder, type Signal, tracesBuilder } from "@dbintel/pdata";
import type { Check, Host, Subject } from "@dbintel/pipeline";
import type { OtlpHttpConfig } from "./config.ts";
import type { checks } from "./diagnosis-checks.ts";
import { type Endpoint, endpointOf, isLoopback } from "./endpoint.ts";
import { licenceKey } from "./licence-key.ts";
import { OtlpHttp } from "./otlp-http.ts";

interface OtlpCheck extends Check {
  readonly code: keyof typeof checks;
}

/** The endpoints of these settings; those of several signals on one host are one subject. */
export async function subjects(args: {
  readonly id: string;
  readonly config: OtlpHttpConfig;
  readonly signals: readonly Signal[];
}): Promise<readonly Subject[]> {
  const { config, signals } = args;
  const used = signals.flatMap((signal) => {
    const endpoint = endpointOf(config, signal);
    return endpoint === undefined ? [] : [{ signal, endpoint }];
  });
  const byOrigin = Map.groupBy(used, ({ endpoint }) => endpoint.url.origin);
  return [...byOrigin].map(([name, uses]) => ({ name, examine: (how) => examine({ ...args, uses, ...how }) }));
}

interface ExaminationArgs {
  readonly id: string;
  readonly config: OtlpHttpConfig;
  /** All on one host. */
  readonly uses: readonly { readonly signal: Signal; readonly endpoint: Endpoint }[];
  readonly host: Host;
  readonly signal: AbortSignal;
}

async function* examine(args: ExaminationArgs): AsyncGenerator<OtlpCheck> {
  const { config, uses } = args;
  const [first] = uses;
  if (first === undefined) return;
  const { url } = first.endpoint;
  yield encryption(url, config);
  yield { code: "OTLP-KEY-001", ...licenceKey(url, config.headers) };
  const resolved = await resolution(url);
  yield resolved;
  if (resolved.status === "fail") return;
  yield* exports(args);
}

async function resolution({ hostname }: URL): Promise<OtlpCheck> {
  const code = "OTLP-CONN-001";
  try {
    const addresses = await lookup(hostname.replace(/^\[|\]$/g, ""), { all: true });
    return { code, status: "ok", message: addresses.map(({ address }) => address).join(", ") };
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    const hint = "check the endpoint and the name servers of this machine";
    return { code, status: "fail", message: `${hostname} does not resolve: ${reason}`, hint };
  }
}

function encryption(url: URL, { tls, headers }: OtlpHttpConfig): OtlpCheck {
  const code = "OTLP-TLS-001";
  if (url.protocol === "https:") {
    if (!tls.insecure_skip_verify) return { code, status: "ok", message: "encrypted, and the certificate is verified" };
    const hint = "name the certificate authority in tls.ca_file, and take out tls.insecure_skip_verify";
    return { code, status: "warn", message: "encrypted; whose certificate it is nobody looks at", hint };
  }
  if (isLoopback(url)) return { code, status: "ok", message: "not encrypted, and it does not leave this machine" };
  const what = Object.keys(headers).length > 0 ? "data and headers, which may hold keys," : "data";
  return { code, status: "warn", message: `${what} travel unencrypted`, hint: "use an endpoint with https://" };
}

/** One request without data for each signal, as the exporter sends it. */
async function* exports({ id, config, uses, host, signal: ending }: ExaminationArgs): AsyncGenerator<OtlpCheck> {
  const sending_queue = { ...config.sending_queue, enabled: false };
  const exporter = new OtlpHttp({ id, config: { ...config, sending_queue }, host });
  await exporter.start();
  try {
    for (const { signal, endpoint } of uses) {
      const startedMs = host.clock.monotonicMs();
      try {
        await exporter.send(emptyBatch(signal), { signal: ending });
        const took = (host.clock.monotonicMs() - startedMs).toFixed(1);
        yield { code: "OTLP-SEND-001", status: "ok", message: `${endpoint.label} took an empty export in ${took} ms` };
      } catch (error) {
        ending.throwIfAborted();
        const message = error instanceof Error ? error.message : String(error);
        yield { code: "OTLP-SEND-001", status: "fail", message, hint: isDbintelError(error) ? error.hint : undefined };
      }
    }
  } finally {
    await exporter.stop({ signal: ending });
  }
}

function emptyBatch(signal: Signal): Batch {
  switch (signal) {
    case "logs":
      return logsBuilder().build();
    case "metrics":
      return metricsBuilder().build();
    case "traces":
      return tracesBuilder().build();
  }
}
