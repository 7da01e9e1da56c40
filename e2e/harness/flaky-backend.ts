import { type JsonBackend, startJsonBackend } from "./json-backend.ts";
import { logRecords } from "./otlp-json.ts";

/** An OTLP/HTTP backend that takes JSON, remembers every record by its `id` attribute, and fails on demand. */
export interface FlakyBackend extends JsonBackend {
  /** How often each record was taken with a 200. */
  readonly taken: ReadonlyMap<string, number>;
  /** Requests that were answered, of any status. */
  readonly requests: number;
  /** Answers the next requests with these statuses, 503 with `Retry-After: 1`. */
  failNext(...statuses: readonly number[]): void;
  /** From now on every request gets this status; 200 ends it. */
  answerAlways(status: number): void;
}

export async function startFlakyBackend(): Promise<FlakyBackend> {
  const taken = new Map<string, number>();
  const failures: number[] = [];
  let always = 200;
  let requests = 0;
  const backend = await startJsonBackend(({ body }, response) => {
    requests += 1;
    const status = failures.shift() ?? always;
    if (status === 200) {
      for (const { attributes } of logRecords([body])) {
        const id = String(attributes.id);
        taken.set(id, (taken.get(id) ?? 0) + 1);
      }
    }
    response.writeHead(status, status === 503 ? { "retry-after": "1" } : {}).end("{}");
  });
  return {
    ...backend,
    taken,
    get requests() {
      return requests;
    },
    failNext: (...statuses) => void failures.push(...statuses),
    answerAlways: (status) => {
      always = status;
    },
  };
}
