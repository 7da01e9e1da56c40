import { z } from "zod";

declare const unit: unique symbol;

/** A number that is known to be milliseconds. */
export type Milliseconds = number & { readonly [unit]?: "ms" };

/** A number that is known to be bytes. */
export type Bytes = number & { readonly [unit]?: "By" };

const millisecondsPer: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

const durationPattern = /^(?:\d+(?:\.\d+)?(?:ns|us|µs|ms|s|m|h))+$/;

/** Reads Go's duration syntax (`300ms`, `1.5h`, `2h45m`) without a sign; `undefined` when the text is none. */
export function parseDuration(text: string): Milliseconds | undefined {
  if (text === "0") return 0;
  if (!durationPattern.test(text)) return undefined;
  let sum = 0;
  for (const [, amount, name] of text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(amount) * (millisecondsPer[name ?? ""] ?? Number.NaN);
  }
  return sum;
}

const bytesPer: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Reads `4096`, `512KiB`, `20MiB`, `1MB` (10^6); `undefined` when the text is none. */
export function parseByteSize(text: string): Bytes | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*(|B|kB|KB|MB|GB|KiB|MiB|GiB)$/.exec(text);
  if (match === null) return undefined;
  const factor = bytesPer[match[2] ?? ""] ?? Number.NaN;
  return Math.round(Number(match[1]) * factor);
}

const durationMessage = 'expected a duration with a unit, such as "10s", "500ms" or "1h30m"';

/** The longest that a timer of Node waits: what is longer would not wait at all. */
const longestTimerMs = 2 ** 31 - 1;

/** A duration in the configuration, milliseconds in the program. A bare number is an error: it has no unit. */
export function duration() {
  return durationUpTo(longestTimerMs);
}

/** A {@link duration} that nothing waits for, such as the age of what is kept: it may be of any length. */
export function age() {
  return durationUpTo(Number.MAX_SAFE_INTEGER);
}

function durationUpTo(mostMs: Milliseconds) {
  return z
    .string({ error: durationMessage })
    .transform((text, context): Milliseconds => {
      const value = parseDuration(text.trim());
      if (value !== undefined && value <= mostMs) return value;
      const message = value === undefined ? durationMessage : `must be at most ${Math.floor(mostMs / 3_600_000)}h`;
      context.issues.push({ code: "custom", input: text, message });
      return z.NEVER;
    })
    .meta({
      title: "duration",
      description: 'A duration with a unit: "10s", "500ms", "1h30m"',
      // For editors; the transform above decides.
      pattern: "^(0|(\\d+(\\.\\d+)?(ns|us|µs|ms|s|m|h))+)$",
    });
}

/** A {@link duration} that is more than nothing. */
export function positiveDuration() {
  return duration().refine((milliseconds) => milliseconds > 0, "must be longer than 0");
}

/** A size in the configuration (a number of bytes or a text such as `20MiB`), bytes in the program. */
export function byteSize() {
  return z
    .union([z.number().int().nonnegative(), z.string()], { error: 'expected a size such as 4096, "512KiB" or "20MiB"' })
    .transform((input, context): Bytes => {
      const value = typeof input === "number" ? input : parseByteSize(input.trim());
      if (value !== undefined) return value;
      context.issues.push({ code: "custom", input, message: 'expected a size such as 4096, "512KiB" or "20MiB"' });
      return z.NEVER;
    })
    .meta({ title: "size", description: 'A number of bytes, or a text such as "512KiB", "20MiB" or "1MB" (10^6)' });
}
