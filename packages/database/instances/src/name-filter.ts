import type { Clock } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import RE2 from "re2";
import { z } from "zod";

const longestPattern = 256;
/** A name that was not asked for so long makes room for another. */
const forgottenAfterMs = 3_600_000;

/** A setting with names in which `*` stands for any characters and `?` for one. */
export function namePatterns() {
  return z.array(z.string().min(1).max(longestPattern)).max(1000).default([]);
}

/** Chooses names by patterns: in RE2, so that no pattern can take long. */
export class NameFilter {
  readonly #included: RE2 | undefined;
  readonly #excluded: RE2 | undefined;

  constructor(options: { readonly include: readonly string[]; readonly exclude: readonly string[] }) {
    this.#included = anyOf(options.include);
    this.#excluded = anyOf(options.exclude);
  }

  /** Whether names are included one by one, and not all that are not excluded. */
  get includesByName(): boolean {
    return this.#included !== undefined;
  }

  /** Excluded names are never chosen. */
  chooses(name: string): boolean {
    return !(this.#excluded?.test(name) ?? false) && (this.#included?.test(name) ?? true);
  }
}

/** Lets at most so many names pass: those that came first, as long as they are asked for. */
export class NameLimit {
  readonly #most: number;
  readonly #names: LRUCache<string, true>;
  #exceeded = false;

  constructor(options: { readonly most: number; readonly clock: Pick<Clock, "monotonicMs"> }) {
    const { most, clock } = options;
    this.#most = most;
    this.#names = new LRUCache({
      max: most,
      ttl: forgottenAfterMs,
      ttlResolution: 0,
      updateAgeOnGet: true,
      perf: { now: () => clock.monotonicMs() },
    });
  }

  /** Whether there was no room for the last new name. */
  get exceeded(): boolean {
    return this.#exceeded;
  }

  passes(name: string): boolean {
    if (this.#names.get(name) === true) return true;
    if (this.#names.size >= this.#most) this.#names.purgeStale();
    if (this.#names.size >= this.#most) {
      this.#exceeded = true;
      return false;
    }
    this.#names.set(name, true);
    this.#exceeded = false;
    return true;
  }
}

function anyOf(patterns: readonly string[]): RE2 | undefined {
  if (patterns.length === 0) return undefined;
  return new RE2(`^(?:${patterns.map(source).join("|")})$`, "su");
}

function source(pattern: string): string {
  return pattern
    .replace(/[.+^${}()|[\]\\/]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
}
