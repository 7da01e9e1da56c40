import { type Attributes, attributeKey } from "@dbintel/pdata";
import type { Clock } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { Finding } from "./finding.ts";

/** Sources that are remembered; that which was silent longest is forgotten for another one. */
const maxSources = 1000;

interface Source {
  seenMs: number;
  silent: boolean;
}

/** Notices by the clock, not by the data, that a source has become silent. */
export class Freshness {
  readonly #clock: Clock;
  readonly #thresholdMs: number;
  readonly #keys;
  readonly #sources = new LRUCache<string, Source>({ max: maxSources });

  constructor(clock: Clock, options: { readonly thresholdMs: number; readonly attributes: readonly string[] }) {
    this.#clock = clock;
    this.#thresholdMs = options.thresholdMs;
    this.#keys = options.attributes.map(attributeKey);
  }

  /** A batch has something of this resource. */
  seen(resource: Attributes): void {
    const name = this.#nameOf(resource);
    const seenMs = this.#clock.monotonicMs();
    const source = this.#sources.get(name);
    if (source === undefined) this.#sources.set(name, { seenMs, silent: false });
    else {
      source.seenMs = seenMs;
      source.silent = false;
    }
  }

  /** Each silence that has begun since the last call. */
  look(): readonly Finding[] {
    const nowMs = this.#clock.monotonicMs();
    const findings: Finding[] = [];
    for (const [subject, source] of this.#sources.entries()) {
      const silentMs = nowMs - source.seenMs;
      if (source.silent || silentMs < this.#thresholdMs) continue;
      source.silent = true;
      findings.push({
        category: "data_freshness",
        subject,
        message: `no data from ${subject === "" ? "a source without a name" : subject}`,
        remediation: "see whether the source runs and reaches the collector: its receiver says so in the log",
        evidence: { silent_seconds: silentMs / 1000 },
      });
    }
    return findings;
  }

  #nameOf(resource: Attributes): string {
    for (const key of this.#keys) {
      const value = resource.getString(key);
      if (value !== undefined && value !== "") return value;
    }
    return "";
  }
}
