import type { NrqlRow } from "./nerdgraph.ts";

/** What an error of New Relic is about. */
export const integrationErrorKinds = [
  "cardinality",
  "rate_limit",
  "quota",
  "authentication",
  "too_many_attributes",
  "too_long",
  "timestamp",
  "too_large",
  "value",
  "other",
] as const;
export type IntegrationErrorKind = (typeof integrationErrorKinds)[number];

/** One `NrIntegrationError`: what New Relic did not store after it had answered 200. */
export interface IntegrationError {
  readonly kind: IntegrationErrorKind;
  /** `Metrics`, `Logs`, `Event API`, `Distributed Tracing`. */
  readonly feature: string;
  readonly message: string;
  /** Names that the error mentions: a metric, an attribute, a limit. */
  readonly names: readonly string[];
  /** The first characters of the key that the data was sent with. */
  readonly apiKeyPrefix: string;
  /** Milliseconds since the Unix epoch. */
  readonly timeMs: number;
  /** The same for the same error in two overlapping answers. */
  readonly identity: string;
}

/** Kinds by words of category, limit and message; the first that has one of its words counts. */
const words: readonly (readonly [IntegrationErrorKind, readonly string[]])[] = [
  ["cardinality", ["uniquetimeseries", "uniqueprometheustimeseries", "cardinality", "unique time", "unique series"]],
  ["authentication", ["api-key", "api key", "license key", "licence key", "unauthorized"]],
  ["too_many_attributes", ["too many attributes", "attribute limit", "number of attributes"]],
  ["too_long", ["too long", "exceeds the maximum length", "maximum length", "length limit"]],
  ["timestamp", ["timestamp"]],
  ["too_large", ["payload", "too large", "request entity"]],
  ["value", ["nan", "infinity", "not a number", "invalid value", "unsupported type"]],
  ["rate_limit", ["ratelimit", "rate limit", "perminute", "throttl"]],
  ["quota", ["apilimit", "quota", "exceeds limit", "limit exceeded"]],
];

/** Most names that are taken from one message. */
const maxNames = 8;
const maxMessageLength = 1000;

/** Reads one row of `SELECT * FROM NrIntegrationError`. */
export function readIntegrationError(row: NrqlRow): IntegrationError {
  const text = (name: string) => {
    const value = row[name];
    return typeof value === "string" ? value.slice(0, maxMessageLength) : "";
  };
  const message = text("message");
  const stated = [text("name"), text("limitName")].filter((name) => name !== "");
  const time = row.timestamp;
  const haystack = [text("category"), text("rateLimitType"), text("limitName"), message].join(" ").toLowerCase();
  return {
    kind: words.find(([, some]) => some.some((word) => haystack.includes(word)))?.[0] ?? "other",
    feature: text("newRelicFeature"),
    message,
    names: [...new Set([...stated, ...quoted(message)])].slice(0, maxNames),
    apiKeyPrefix: text("apiKeyPrefix"),
    timeMs: typeof time === "number" && Number.isFinite(time) ? time : 0,
    identity: [text("requestId"), String(time), text("category"), message].join("\0"),
  };
}

/** What stands between quotes of any kind. */
function quoted(message: string): readonly string[] {
  const found: string[] = [];
  for (let at = 0; at < message.length && found.length < maxNames; at++) {
    const quote = message.charAt(at);
    if (!"\"'`".includes(quote)) continue;
    const end = message.indexOf(quote, at + 1);
    if (end < 0) break;
    if (end > at + 1) found.push(message.slice(at + 1, end));
    at = end;
  }
  return found;
}
