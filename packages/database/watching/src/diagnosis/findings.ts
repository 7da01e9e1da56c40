import type { Check, Host } from "@dbintel/pipeline";
import type { TriedPoll } from "./poll-trial.ts";
import { type Address, reach } from "./reach.ts";

/** What was found; each receiver has codes of its own for it. */
export type FoundOut = Omit<Check, "code">;

const widestSkewMs = 2000;

/** Whether anybody listens there. */
export async function reachability(
  address: Address,
  { host, signal }: { readonly host: Host; readonly signal: AbortSignal },
): Promise<FoundOut> {
  try {
    const took = await reach(address, { clock: host.clock, signal });
    return { status: "ok", message: `it answers in ${took.toFixed(1)} ms` };
  } catch (error) {
    signal.throwIfAborted();
    const message = error instanceof Error && error.message !== "" ? error.message : String(error);
    const hint = "check endpoint, that the server runs and listens there, and that no firewall is in between";
    return { status: "fail", message, hint };
  }
}

/** Whether others can read along. `protocol` is what the server says of the session, `undefined` for none. */
export function encryption(args: {
  readonly protocol: string | undefined;
  readonly host: string;
  readonly skipVerify: boolean;
}): FoundOut {
  const { protocol, host, skipVerify } = args;
  if (protocol === undefined) {
    if (/^(localhost|127\.[\d.]+|::1)$/.test(host)) {
      return { status: "ok", message: "not encrypted, and it does not leave this machine" };
    }
    const hint = "let the server offer TLS, and take tls.insecure out of the collector's configuration";
    return { status: "warn", message: "not encrypted: everybody on the way can read along", hint };
  }
  if (skipVerify) {
    const hint = "name the certificate authority in tls.ca_file, and take out tls.insecure_skip_verify";
    return { status: "warn", message: `${protocol}; whose certificate it is nobody looked at`, hint };
  }
  return { status: "ok", message: `${protocol}, the certificate is trusted` };
}

/** Our clock around a question for the server's, in microseconds since 1970. */
interface Asked {
  readonly before: bigint;
  readonly after: bigint;
}

/** How far the server's clock is at least from ours: it was read at some moment while the question was under way. */
export function clockSkew(theirs: bigint, { before, after }: Asked): FoundOut {
  const skew = theirs < before ? theirs - before : theirs > after ? theirs - after : 0n;
  const skewMs = Number(skew) / 1000;
  if (Math.abs(skewMs) <= widestSkewMs) return { status: "ok", message: "the clocks agree" };
  const message = `the server's clock is ${Math.abs(skewMs / 1000).toFixed(1)} s ${skewMs < 0 ? "behind" : "ahead"}`;
  return { status: "warn", message, hint: "let both machines keep their time by NTP" };
}

/** What each part costs the server, and at last what did not work: each problem once, with all parts that met it. */
export async function* trialFindings(trial: AsyncIterable<TriedPoll>, mostShare: number): AsyncGenerator<FoundOut> {
  const problems = new Map<string, { readonly hint: string | undefined; readonly parts: string[] }>();
  for await (const tried of trial) {
    if (tried.problems.length === 0) yield cost(tried, mostShare);
    for (const { message, hint } of tried.problems) {
      const known = problems.get(message) ?? { hint, parts: [] };
      known.parts.push(tried.name);
      problems.set(message, known);
    }
  }
  for (const [message, { hint, parts }] of problems) {
    yield { status: "fail", message: `${parts.join(", ")}: ${message}`, hint };
  }
}

/** Of one core's time, and of what it may. */
function cost({ name, milliseconds, databaseMs, items, interval }: TriedPoll, mostShare: number): FoundOut {
  const share = databaseMs / interval;
  const told =
    `${name}: ${milliseconds.toFixed(1)} ms for ${items} records and data points, then ${databaseMs.toFixed(1)} ms ` +
    `in the database every ${interval / 1000} s: ${percent(share)} of a core`;
  if (share <= mostShare) return { status: "ok", message: told };
  const hint = "make the interval longer, or raise budget.max_database_share: the receiver asks more rarely by itself";
  return { status: "warn", message: `${told}, and all may take ${percent(mostShare)}`, hint };
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(2))} %`;
}
