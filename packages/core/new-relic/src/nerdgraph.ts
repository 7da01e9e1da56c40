import type { Secret } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";

/** Where NerdGraph answers, by region of the account. */
export const nerdGraphUrls = {
  us: "https://api.newrelic.com/graphql",
  eu: "https://api.eu.newrelic.com/graphql",
} as const;

/** An answer larger than this is not read: rows of a query have a few kilobytes. */
const maxAnswerBytes = 4 * 2 ** 20;

const question = `query ($account: Int!, $nrql: Nrql!) {
  actor { account(id: $account) { nrql(query: $nrql, timeout: 30) { results } } }
}`;

/** One row of an answer. */
export type NrqlRow = Readonly<Record<string, unknown>>;

export interface NerdGraphOptions {
  readonly url: string;
  /** A user key (`NRAK-…`); the key that data is sent with cannot ask questions. */
  readonly userKey: Secret;
  readonly accountId: number;
  readonly timeoutMs: number;
}

/** Asks New Relic's NerdGraph API with NRQL. */
export class NerdGraph {
  readonly #options: NerdGraphOptions;

  constructor(options: NerdGraphOptions) {
    this.#options = options;
  }

  /** The rows that answer a query. Rejects with `DBI_NEW_RELIC_API`, retryable where asking again can help. */
  async nrql(query: string, signal: AbortSignal): Promise<readonly NrqlRow[]> {
    const { url, userKey, accountId, timeoutMs } = this.#options;
    let response: Response;
    let text: string;
    try {
      response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json", "api-key": userKey.reveal() },
        body: JSON.stringify({ query: question, variables: { account: accountId, nrql: query } }),
        // The key is for this address only.
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      text = await readText(response);
    } catch (cause) {
      if (cause instanceof DbintelError) throw cause;
      throw problem("NerdGraph cannot be reached", { retryable: true, cause });
    }
    if (!response.ok) throw refusal(response.status);
    return rowsOf(text);
  }
}

async function readText(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.length;
    if (size > maxAnswerBytes) throw problem(`NerdGraph answered more than ${maxAnswerBytes} bytes`, {});
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function refusal(status: number): DbintelError {
  if (status === 401 || status === 403) {
    return problem(`NerdGraph refused the key (${status})`, {
      hint: "user_key must be a user key (NRAK-…) of a user who may query the account, in the account's region",
    });
  }
  return problem(`NerdGraph answered ${status}`, { retryable: status === 429 || status >= 500 });
}

/** `{ "data": { "actor": { "account": { "nrql": { "results": [row] } } } }, "errors": [{ "message" }] }` */
function rowsOf(text: string): readonly NrqlRow[] {
  const answer = parse(text);
  const results = ["data", "actor", "account", "nrql", "results"].reduce<unknown>(member, answer);
  if (Array.isArray(results)) return results.filter((row): row is NrqlRow => typeof row === "object" && row !== null);
  const message = member(Object(member(answer, "errors"))[0], "message");
  throw problem(
    typeof message === "string" ? `NerdGraph: ${message.slice(0, 500)}` : "NerdGraph answered something else",
    {
      hint: "check account_id, and that the user of user_key may query it",
    },
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw problem("NerdGraph answered something that is not JSON", { retryable: true, cause });
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

function problem(
  message: string,
  init: { readonly hint?: string; readonly retryable?: boolean; readonly cause?: unknown },
): DbintelError {
  return new DbintelError(message, { code: "DBI_NEW_RELIC_API", ...init });
}

/** A text as a literal of NRQL. */
export function nrqlText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
