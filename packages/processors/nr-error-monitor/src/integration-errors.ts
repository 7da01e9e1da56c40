import { type IntegrationError, type NerdGraph, readIntegrationError } from "@dbintel/new-relic";
import { LRUCache } from "lru-cache";

/** Answers overlap, because errors are stored some time after they happened. */
const overlapMs = 10 * 60_000;
const maxErrors = 200;
/** Identities of errors that were met, so that each counts once. */
const maxIdentities = 10_000;

/** Reads the errors that New Relic reports, each once. */
export class IntegrationErrors {
  readonly #nerdGraph: NerdGraph;
  readonly #seen = new LRUCache<string, true>({ max: maxIdentities });
  #sinceMs: number;

  constructor(nerdGraph: NerdGraph, nowMs: number) {
    this.#nerdGraph = nerdGraph;
    this.#sinceMs = nowMs;
  }

  /** Those that are new. Rejects as `nrql` does; the next call asks for the same time again. */
  async read(nowMs: number, signal: AbortSignal): Promise<readonly IntegrationError[]> {
    const since = Math.floor(this.#sinceMs - overlapMs);
    const rows = await this.#nerdGraph.nrql(
      `SELECT * FROM NrIntegrationError SINCE ${since} UNTIL ${Math.ceil(nowMs)} LIMIT ${maxErrors}`,
      signal,
    );
    const errors = rows.map(readIntegrationError).filter(({ identity }) => !this.#seen.has(identity));
    for (const { identity } of errors) this.#seen.set(identity, true);
    this.#sinceMs = nowMs;
    return errors;
  }
}
