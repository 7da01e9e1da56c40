import { int64 } from "./arithmetic.ts";

const nanosecondsPer: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};

const syntax = /^-?(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;

/** Nanoseconds of a CEL duration (Go's syntax: `250ms`, `1m30s`, `-1.5h`); `undefined` when the text is none. */
export function parseDuration(text: string): bigint | undefined {
  if (!syntax.test(text)) return undefined;
  let sum = 0n;
  for (const [, whole = "", fraction = "0", unit = ""] of text.matchAll(/(\d+)(?:\.(\d+))?(ns|us|µs|ms|s|m|h)/g)) {
    const scale = nanosecondsPer[unit] ?? 0;
    // The whole part as a bigint: as a number it would round beyond 104 days.
    sum += BigInt(whole) * BigInt(scale) + BigInt(Math.round(Number(`0.${fraction}`) * scale));
  }
  return int64(text.startsWith("-") ? -sum : sum);
}
