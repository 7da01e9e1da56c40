import { startJsonBackend } from "./json-backend.ts";
import { logRecords } from "./otlp-json.ts";

/** What a request is answered with: a status, or 200 with the first record rejected. */
export type Mood = 200 | 400 | 401 | 403 | 413 | 429 | 500 | 502 | 503 | "partial";

/** An OTLP/HTTP backend that answers by its mood and keeps account of each record by its `id`. */
export interface MoodyBackend extends AsyncDisposable {
  readonly endpoint: string;
  /** How often each record was taken. */
  readonly taken: ReadonlyMap<string, number>;
  /** Records that were refused for good: nobody may send them again. */
  readonly refused: ReadonlySet<string>;
  /** How often each mood was there. */
  readonly moods: ReadonlyMap<Mood, number>;
}

/** By OTLP 1.11 these mean that the same request would be refused again. */
const final: ReadonlySet<Mood> = new Set<Mood>([400, 401, 403, 500]);

export async function startMoodyBackend(nextMood: () => Mood): Promise<MoodyBackend> {
  const taken = new Map<string, number>();
  const refused = new Set<string>();
  const moods = new Map<Mood, number>();
  const take = (ids: readonly string[]) => {
    for (const id of ids) taken.set(id, (taken.get(id) ?? 0) + 1);
  };
  const backend = await startJsonBackend(({ body }, response) => {
    const ids = logRecords([body]).map(({ attributes }) => String(attributes.id));
    const mood = nextMood();
    moods.set(mood, (moods.get(mood) ?? 0) + 1);
    if (mood === "partial") {
      refused.add(ids[0] ?? "");
      take(ids.slice(1));
      response.end(JSON.stringify({ partialSuccess: { rejectedLogRecords: "1", errorMessage: "the first one" } }));
      return;
    }
    if (mood === 200) take(ids);
    // One record that is too large cannot be cut.
    if (final.has(mood) || (mood === 413 && ids.length === 1)) for (const id of ids) refused.add(id);
    const busy = mood === 429 || mood === 503;
    response.writeHead(mood, busy ? { "retry-after": "0" } : {}).end("{}");
  });
  return { endpoint: backend.endpoint, taken, refused, moods, [Symbol.asyncDispose]: backend[Symbol.asyncDispose] };
}
