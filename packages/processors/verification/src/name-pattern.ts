import { LRUCache } from "lru-cache";

/** Names of attributes come from data: only so many answers are remembered. */
const maxRemembered = 4096;

/** Whether a name fits one of the patterns, in which `*` stands for any characters; upper and lower case are the same. */
export class NamePatterns {
  readonly #patterns: readonly string[];
  readonly #known = new LRUCache<string, boolean>({ max: maxRemembered });

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map((pattern) => pattern.toLowerCase());
  }

  fits(name: string): boolean {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const lower = name.toLowerCase();
    const answer = this.#patterns.some((pattern) => fits(lower, pattern.split("*")));
    this.#known.set(name, answer);
    return answer;
  }

  /** Whether one of the names fits; where there is none, whether the empty name does. */
  fitsAny(names: readonly string[]): boolean {
    return names.length === 0 ? this.fits("") : names.some((name) => this.fits(name));
  }
}

/** The pieces between stars occur in their order: the first at the beginning, the last at the end. */
function fits(name: string, pieces: readonly string[]): boolean {
  const [first = "", ...rest] = pieces;
  const last = rest.pop();
  if (last === undefined) return name === first;
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const piece of rest) {
    const found = name.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= name.length - last.length;
}
