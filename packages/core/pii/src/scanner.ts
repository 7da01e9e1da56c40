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

/** A pattern found something: where, and where the group `value` of it is, which is all of it without such a group. */
interface Match {
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly end: number;
}

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
  readonly #detectors: readonly Detector[];
  readonly #probes: readonly Probe[];
  /** Compiled for the first text that is looked at: where nothing sensitive comes, there is none. */
  #compiled: InstanceType<typeof RE2.Set> | undefined;

  /** `signs` are RE2 patterns for bytes in which `mayHold` is to see something as well. */
  constructor(detectors: readonly Detector[], signs: readonly string[] = []) {
    this.#signs = new RE2.Set([...new Set([...detectors.map(signOf), ...signs])], { maxMem });
    this.#detectors = detectors;
    this.#probes = detectors.map((detector) => new Probe(detector));
  }

  /** Whether the bytes, which may be those of a whole request, have signs of something sensitive. */
  mayHold(bytes: Uint8Array): boolean {
    return this.#signs.test(bytes);
  }

  get #patterns(): InstanceType<typeof RE2.Set> {
    this.#compiled ??= new RE2.Set(
      this.#detectors.map(({ pattern }) => pattern),
      { maxMem },
    );
    return this.#compiled;
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
  readonly #hasGroup: boolean;
  #compiled: RE2 | undefined;
  #context: Context | undefined;
  /** Where the text's last accepted candidate ends, -1 before the first. */
  #lastEnd = -1;

  constructor(detector: Detector) {
    this.#detector = detector;
    this.#hasGroup = detector.pattern.includes("(?P<value>") || detector.pattern.includes("(?<value>");
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
    for (let match = this.#first(text); match !== undefined; match = this.#next(text)) {
      const span = this.#accepted(text, match, key);
      if (span !== undefined) {
        found.push({ entity, start: span[0], end: span[1] });
        this.#lastEnd = span[1];
        expression.lastIndex = Math.max(span[1], match.from + 1);
      } else if (overlapping === true) {
        expression.lastIndex = afterGroup(text, match.from, match.to);
      } else if (match.to === match.from) {
        expression.lastIndex = match.to + 1;
      }
    }
  }

  /**
   * The first match, mostly the only one. `exec` copies what it found and lists it in three ways, which takes ten times
   * as long as `test` and `search` together (benchmark `verification`); but only it tells where a group is.
   */
  #first(text: Buffer): Match | undefined {
    const expression = this.#expression;
    if (this.#hasGroup) return this.#next(text);
    if (!expression.test(text)) return undefined;
    const [from, to] = [expression.search(text), expression.lastIndex];
    return { from, to, start: from, end: to };
  }

  /** The match behind the last one. */
  #next(text: Buffer): Match | undefined {
    const found = this.#expression.exec(text) as unknown as { readonly indices: RegExpIndicesArray } | null;
    if (found === null) return undefined;
    const [from, to] = found.indices[0] ?? [0, 0];
    const [start, end] = found.indices.groups?.value ?? [from, to];
    return { from, to, start, end };
  }

  #accepted(text: Buffer, { from, start, end }: Match, key: string): readonly [number, number] | undefined {
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
