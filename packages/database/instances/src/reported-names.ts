import { type Clock, forgottenAfter } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import RE2 from "re2";
import { z } from "zod";

const longestPattern = 256;
const mostPatterns = 1000;
/** A name that was not asked for so long makes room for another. */
const forgottenAfterMs = 3_600_000;

/** A list of names in which `*` stands for any characters and `?` for one. */
export const namePatterns = z.array(z.string().min(1).max(longestPattern)).max(mostPatterns);

/** The settings of what is reported of a server, to be spread into a schema; `what` is what it calls its databases. */
export function reportedNames(what: "databases" | "schemas") {
  return {
    databases: namePatterns.default([]).describe(`Report only these ${what}; * and ? stand for any; empty means all`),
    exclude_databases: namePatterns.default([]).describe(`Do not report these ${what}; * and ? stand for any`),
    max_databases: z
      .number()
      .int()
      .positive()
      .default(1000)
      .describe(`How many ${what} are reported at most; the rest is left out`),
  };
}

export interface ReportedNamesOptions {
  /** Patterns of the names that are reported; none stands for all that are not a provider's. */
  readonly include: readonly string[];
  /** Patterns of names that are never reported. */
  readonly exclude: readonly string[];
  /** Names that the provider of the platform has for itself: reported only where `include` names them. */
  readonly provided?: () => readonly string[];
  /** So many names are reported at most: those that came first, as long as they are asked for. */
  readonly most: number;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Called with `true` when there is no room for a name, and with `false` when there is again. */
  readonly onFull?: (full: boolean) => void;
}

/**
 * Which names of a server are reported: its databases, its schemas. Patterns run in RE2, so that none of them can take
 * long, and the number of names is bounded, whatever a server is made to hold.
 */
export class ReportedNames {
  readonly #options: ReportedNamesOptions;
  readonly #included: RE2 | undefined;
  readonly #excluded: RE2 | undefined;
  readonly #names: LRUCache<string, true>;
  #full = false;

  constructor(options: ReportedNamesOptions) {
    const { include, exclude, most, clock } = options;
    this.#options = options;
    this.#included = anyOf(include);
    this.#excluded = anyOf(exclude);
    this.#names = new LRUCache({ max: most, updateAgeOnGet: true, ...forgottenAfter(forgottenAfterMs, clock) });
  }

  reports(name: string): boolean {
    return this.#chooses(name) && this.#passes(name);
  }

  #chooses(name: string): boolean {
    if (this.#excluded?.test(name)) return false;
    return this.#included === undefined ? !this.#options.provided?.().includes(name) : this.#included.test(name);
  }

  #passes(name: string): boolean {
    if (this.#names.get(name) === true) return true;
    const { most } = this.#options;
    if (this.#names.size >= most) this.#names.purgeStale();
    const full = this.#names.size >= most;
    if (full !== this.#full) this.#options.onFull?.(full);
    this.#full = full;
    if (!full) this.#names.set(name, true);
    return !full;
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
