import { type JsonBackend, type JsonRequest, startJsonBackend } from "./json-backend.ts";

/**
 * A stand-in for New Relic: takes OTLP/JSON like its endpoint, answers 200, and stores only what the documented contract
 * lets through; whatever it does not store becomes an `NrIntegrationError`, to be asked for by NerdGraph. Written from
 * the documentation, without the code that it tests.
 */
export interface NewRelicStandIn extends JsonBackend {
  /** What was stored, as New Relic shows it: attributes of resource, scope and item together. */
  readonly stored: readonly StoredItem[];
  /** Why items and attributes were not stored as they came. */
  readonly errors: readonly NrIntegrationError[];
  /** Queries that NerdGraph was asked. */
  readonly queries: readonly string[];
  /** More errors than those of its own, for instance of limits of an account. */
  report(error: Omit<NrIntegrationError, "requestId" | "timestamp">): void;
  /** Answers NerdGraph's next requests with these statuses. */
  failNerdGraph(...statuses: readonly number[]): void;
  /** Leaves NerdGraph's requests without an answer until the returned function is called. */
  holdNerdGraph(): () => void;
  /** Requests that NerdGraph has not answered. */
  readonly unanswered: number;
}

export interface StoredItem {
  readonly type: "Metric" | "Log" | "Span";
  readonly name: string;
  readonly value?: number;
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface NrIntegrationError {
  readonly newRelicFeature: string;
  readonly category: string;
  readonly message: string;
  readonly name?: string;
  readonly rateLimitType?: string;
  readonly requestId: string;
  readonly timestamp: number;
}

interface AnyJsonValue {
  readonly arrayValue?: { readonly values?: readonly AnyJsonValue[] };
  readonly kvlistValue?: unknown;
  readonly [member: string]: unknown;
}

interface Item {
  readonly attributes?: readonly { readonly key: string; readonly value?: AnyJsonValue }[];
  readonly timeUnixNano?: string;
  readonly [member: string]: unknown;
}

const hourMs = 3_600_000;
const most = { name: 255, value: 4095, values: 64, requestBytes: 1_000_000 };
const mostAttributes = { Metric: 100, Log: 255, Span: 254 };
const restricted = new Set(["timestamp", "endTimestamp", "metricName", "newrelic.source", "interval.ms"]);
const features = { Metric: "Metrics", Log: "Logs", Span: "Distributed Tracing" };

export async function startNewRelic(keys: {
  readonly licenseKey: string;
  readonly userKey: string;
  readonly accountId: number;
}): Promise<NewRelicStandIn> {
  const account = new Account(keys.licenseKey);
  const queries: string[] = [];
  const failures: number[] = [];
  const held: (() => void)[] = [];
  let isHolding = false;
  const nerdGraph = ({ headers, body }: JsonRequest): { readonly status: number; readonly answer: unknown } => {
    const failure = failures.shift();
    if (failure !== undefined) return { status: failure, answer: {} };
    if (headers["api-key"] !== keys.userKey) return { status: 401, answer: {} };
    const { variables } = body as { readonly variables: { readonly account: number; readonly nrql: string } };
    queries.push(variables.nrql);
    const nrql = variables.account === keys.accountId ? { results: account.answer(variables.nrql) } : null;
    return {
      status: 200,
      answer: {
        data: { actor: { account: { nrql } } },
        ...(nrql === null ? { errors: [{ message: "Not authorized" }] } : {}),
      },
    };
  };
  const backend = await startJsonBackend((request, response) => {
    if (request.path === "/graphql") {
      const respond = () => {
        const { status, answer } = nerdGraph(request);
        response.writeHead(status).end(JSON.stringify(answer));
      };
      if (isHolding) held.push(respond);
      else respond();
    } else {
      response.writeHead(account.take(request)).end("{}");
    }
  });
  return {
    ...backend,
    stored: account.stored,
    errors: account.errors,
    queries,
    report: (error) => account.report(error),
    failNerdGraph: (...statuses) => void failures.push(...statuses),
    holdNerdGraph: () => {
      isHolding = true;
      return () => {
        isHolding = false;
        for (const respond of held.splice(0)) respond();
      };
    },
    get unanswered() {
      return held.length;
    },
  };
}

/** What one account holds. */
class Account {
  readonly stored: StoredItem[] = [];
  readonly errors: NrIntegrationError[] = [];
  readonly #licenseKey: string;
  #requests = 0;

  constructor(licenseKey: string) {
    this.#licenseKey = licenseKey;
  }

  /** The status of a request to the OTLP endpoint. */
  take({ path, headers, byteLength, body }: JsonRequest): number {
    this.#requests++;
    if (headers["api-key"] !== this.#licenseKey) return 403;
    if (byteLength > most.requestBytes) return 413;
    if (path === "/v1/logs") this.#takeAll("Log", body, ["resourceLogs", "scopeLogs", "logRecords"]);
    else if (path === "/v1/traces") this.#takeAll("Span", body, ["resourceSpans", "scopeSpans", "spans"]);
    else if (path === "/v1/metrics") this.#takeMetrics(body);
    else return 404;
    return 200;
  }

  report(error: Omit<NrIntegrationError, "requestId" | "timestamp">): void {
    this.errors.push({ ...error, requestId: `request-${this.#requests}`, timestamp: Date.now() });
  }

  /** The few queries that a collector has. */
  answer(query: string): readonly unknown[] {
    if (query.includes("FROM NrIntegrationError")) return this.errors;
    const nonce = /nonce = '([^']+)'/.exec(query)?.[1];
    const canaries = this.stored.filter(
      ({ name, attributes }) => name === "nr.collector.canary" && attributes.nonce === nonce,
    );
    return [{ count: canaries.length }];
  }

  #takeAll(type: "Log" | "Span", body: unknown, [resources = "", scopes = "", items = ""]: readonly string[]): void {
    for (const group of list(body, resources)) {
      for (const container of list(group, scopes)) {
        for (const item of list(container, items)) {
          const timeUnixNano = item.timeUnixNano ?? item.observedTimeUnixNano ?? item.endTimeUnixNano ?? "0";
          const name = String(item.eventName ?? item.name ?? "");
          this.#takeItem({ type, name, item: { ...item, timeUnixNano: String(timeUnixNano) }, group, container });
        }
      }
    }
  }

  #takeMetrics(body: unknown): void {
    for (const group of list(body, "resourceMetrics")) {
      for (const container of list(group, "scopeMetrics")) {
        for (const metric of list(container, "metrics")) this.#takeMetric(metric, group, container);
      }
    }
  }

  #takeMetric(metric: Item, group: Item, container: Item): void {
    const name = String(metric.name ?? "");
    const problem = metricProblem(name, metric);
    if (problem !== undefined) {
      this.#refuse("Metric", problem, name);
      return;
    }
    const data = metric.gauge ?? metric.sum ?? metric.histogram ?? metric.exponentialHistogram;
    for (const point of list(data, "dataPoints")) {
      const value = Number(point.asInt ?? point.asDouble ?? point.sum ?? 0);
      if (!Number.isFinite(value)) this.#refuse("Metric", "value is not a number", name);
      else this.#takeItem({ type: "Metric", name, value, item: point, group, container });
    }
  }

  #takeItem(args: {
    readonly type: StoredItem["type"];
    readonly name: string;
    readonly value?: number;
    readonly item: Item;
    readonly group: Item;
    readonly container: Item;
  }): void {
    const { type, name, item, group, container } = args;
    const timeMs = Number(BigInt(item.timeUnixNano ?? "0") / 1_000_000n);
    if (timeMs < Date.now() - 48 * hourMs || timeMs > Date.now() + 24 * hourMs) {
      this.#refuse(type, "timestamp out of range", name);
      return;
    }
    const all = [group.resource as Item, container.scope as Item, item].flatMap((part) => part?.attributes ?? []);
    const attributes: Record<string, unknown> = {};
    for (const { key, value } of all) {
      const problem = attributeProblem(type, name, key, value ?? {});
      if (problem !== undefined) this.#refuse(type, problem, key);
      else attributes[key] = Object.values(value ?? {})[0];
    }
    if (all.length > mostAttributes[type]) this.#refuse(type, "too many attributes", name);
    this.stored.push({ type, name, ...(args.value === undefined ? {} : { value: args.value }), attributes });
  }

  #refuse(type: StoredItem["type"], message: string, name: string): void {
    this.report({ newRelicFeature: features[type], category: "BadRequest", message: `${message}: '${name}'`, name });
  }
}

function list(parent: unknown, name: string): readonly Item[] {
  const value = typeof parent === "object" && parent !== null ? Reflect.get(parent, name) : undefined;
  return Array.isArray(value) ? (value as readonly Item[]) : [];
}

function metricProblem(name: string, metric: Item): string | undefined {
  if (name.length > most.name) return "metric name too long";
  const sum = metric.sum as { readonly aggregationTemporality?: unknown; readonly isMonotonic?: boolean } | undefined;
  const isDelta = [1, "AGGREGATION_TEMPORALITY_DELTA"].some((delta) => delta === sum?.aggregationTemporality);
  return isDelta && sum?.isMonotonic !== true ? "unsupported type" : undefined;
}

function attributeProblem(type: string, metric: string, key: string, value: AnyJsonValue): string | undefined {
  if (key.length > most.name) return "attribute name too long";
  if (type === "Metric" && (restricted.has(key) || key === metric)) return "restricted attribute";
  if (value.kvlistValue !== undefined) return "unsupported type of attribute";
  const values = value.arrayValue?.values;
  if (values !== undefined) {
    const kinds = new Set(values.map((one) => Object.keys(one)[0]));
    return values.length > most.values || kinds.size > 1 ? "unsupported type of attribute" : undefined;
  }
  const { stringValue } = value;
  return typeof stringValue === "string" && stringValue.length > most.value ? "attribute value too long" : undefined;
}
