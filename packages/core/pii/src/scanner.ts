import RE2 from "re2";
import { Context, contextSign } from "./context.ts";
import type { Detector } from "./detector.ts";
import { signOfPattern } from "./sign.ts";

/** Where something sensitive stands in a text, in bytes. */
export interface Finding {
  readonly entity: string;
  readonly start: number;
  readonly end: number;
}

/** A pattern found something: where, and the group `value` if it has one. */
type Match = RegExpExecArray & { readonly indices: RegExpIndicesArray };

/**
 * Memory of the two sets, each with its own automaton: enough that RE2 does not fall back to its slower engine.
 * Benchmark `verification`.
 */
const maxMem = 64 * 1024 * 1024;

/** Bytes between the members of a list, such as `', '`. */
const longestSeparator = 4;

const none: readonly Finding[] = [];

/**
 * Looks for all that its detectors know, in time linear in the length of the text.
 *
 * `mayHold` is one pass of RE2 over any bytes that texts lie in: false means that there is nothing. `find` looks at
 * one text.
 */
export class Scanner {
  readonly #signs: InstanceType<typeof RE2.Set>;
  readonly #patterns: InstanceType<typeof RE2.Set>;
  readonly #probes: readonly Probe[];

  /** `signs` are RE2 patterns for bytes in which `mayHold` is to see something as well. */
  constructor(detectors: readonly Detector[], signs: readonly string[] = []) {
    this.#signs = new RE2.Set([...new Set([...detectors.map(signOf), ...signs])], { maxMem });
    this.#patterns = new RE2.Set(
      detectors.map(({ pattern }) => pattern),
      { maxMem },
    );
    this.#probes = detectors.map((detector) => new Probe(detector));
  }

  /** Whether the bytes, which may be those of a whole request, have signs of something sensitive. */
  mayHold(bytes: Uint8Array): boolean {
    return this.#signs.test(bytes);
  }

  /** All that is sensitive in a text, in its order and apart. `key` is the name of the attribute, "" for none. */
  find(text: Buffer, key = ""): readonly Finding[] {
    const hits = this.#patterns.match(text);
    if (hits.length === 0) return none;
    const found: Finding[] = [];
    for (const hit of hits) this.#probes[hit]?.find(text, key, found);
    return found.length < 2 ? found : apart(found);
  }
}

/** One detector at work. It is compiled when its pattern has occurred for the first time: most never do. */
class Probe {
  readonly #detector: Detector;
  #compiled: RE2 | undefined;
  #context: Context | undefined;
  /** Where the text's last accepted candidate ends, -1 before the first. */
  #lastEnd = -1;

  constructor(detector: Detector) {
    this.#detector = detector;
  }

  get #expression(): RE2 {
    this.#compiled ??= new RE2(this.#detector.pattern, "gd");
    return this.#compiled;
  }

  find(text: Buffer, key: string, found: Finding[]): void {
    const expression = this.#expression;
    const { entity, overlapping } = this.#detector;
    expression.lastIndex = 0;
    this.#lastEnd = -1;
    for (let match = this.#next(text); match !== null; match = this.#next(text)) {
      const [from, to] = match.indices[0] ?? [0, 0];
      const span = this.#accepted(text, match, key);
      if (span !== undefined) {
        found.push({ entity, start: span[0], end: span[1] });
        this.#lastEnd = span[1];
        expression.lastIndex = Math.max(span[1], from + 1);
      } else if (overlapping === true) {
        expression.lastIndex = afterGroup(text, from, to);
      } else if (to === from) {
        expression.lastIndex = to + 1;
      }
    }
  }

  #next(text: Buffer): Match | null {
    return this.#expression.exec(text) as unknown as Match | null;
  }

  #accepted(text: Buffer, match: Match, key: string): readonly [number, number] | undefined {
    const [from, to] = match.indices[0] ?? [0, 0];
    const [start, end] = match.indices.groups?.value ?? [from, to];
    if (!this.#hasContext(text, start, end, key)) return undefined;
    const verdict =
      this.#detector.accept?.(text.toString("latin1", start, end), text.toString("latin1", from, start)) ?? true;
    if (verdict === false) return undefined;
    return verdict === true ? [start, end] : [start + verdict[0], start + verdict[1]];
  }

  #hasContext(text: Buffer, start: number, end: number, key: string): boolean {
    const { context } = this.#detector;
    if (context === undefined) return true;
    this.#context ??= new Context(context);
    return this.#isListed(text, start) || this.#context.has(text, start, end, key);
  }

  /** Whether the candidate goes on a list whose last member was accepted. */
  #isListed(text: Buffer, start: number): boolean {
    const between = start - this.#lastEnd;
    return (
      this.#lastEnd >= 0 &&
      between > 0 &&
      between <= longestSeparator &&
      !text.subarray(this.#lastEnd, start).includes("\n")
    );
  }
}

/** Where the next candidate may begin: behind the first run of digits and ASCII letters, at the latest at `end`. */
function afterGroup(text: Buffer, start: number, end: number): number {
  let at = start + 1;
  while (at < end && isWord(text[at] ?? 0)) at++;
  return at;
}

function isWord(byte: number): boolean {
  return (byte > 47 && byte < 58) || (byte > 64 && byte < 91) || (byte > 96 && byte < 123);
}

/** A pattern without its word boundaries and anchors, or the words that its context needs. */
function signOf({ pattern, sign, context }: Detector): string {
  if (sign !== undefined) return sign;
  return context === undefined ? signOfPattern(pattern) : contextSign(context);
}

/** The findings in their order; those that overlap become one, called what comes first. */
function apart(found: readonly Finding[]): readonly Finding[] {
  const rank = new Map(found.map((finding, at) => [finding, at]));
  const sorted = [...found].sort((a, b) => a.start - b.start || (rank.get(a) ?? 0) - (rank.get(b) ?? 0));
  const result: Finding[] = [];
  for (const finding of sorted) {
    const last = result.at(-1);
    if (last === undefined || finding.start >= last.end) {
      result.push(finding);
      continue;
    }
    const named = (rank.get(last) ?? 0) <= (rank.get(finding) ?? 0) ? last : finding;
    const joined = { entity: named.entity, start: last.start, end: Math.max(last.end, finding.end) };
    rank.set(joined, rank.get(named) ?? 0);
    result[result.length - 1] = joined;
  }
  return result;
}
