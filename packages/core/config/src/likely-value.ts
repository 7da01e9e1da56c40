import { z } from "zod";
import { parseHostPort } from "./network.ts";
import type { ConfigPath } from "./position.ts";
import { schemasAt } from "./schema-walk.ts";
import { parseByteSize, parseDuration } from "./units.ts";

/** By the title that a piece of schema has: what a value that it refuses was most likely meant to be. */
const likely: Readonly<Record<string, (written: string) => string | undefined>> = {
  duration: likelyDuration,
  size: likelySize,
  "host:port": likelyHostPort,
  URL: likelyUrl,
};

/**
 * What the setting at `path` would have to be, where `written` is a usual slip. Only words of numbers, units and names of
 * hosts are given back: what is written may be a secret in the wrong place.
 */
export function likelyValue(schema: z.ZodType, path: ConfigPath, written: string): string | undefined {
  for (const each of schemasAt(schema, path)) {
    const guess = likely[z.globalRegistry.get(each)?.title ?? ""]?.(written.trim());
    if (guess !== undefined) return guess;
  }
  return undefined;
}

/** Hours of what Go's durations have no unit for. */
const hoursPer: Readonly<Record<string, number>> = { d: 24, w: 168 };

const units: readonly (readonly [RegExp, string])[] = [
  [/^(?:|s|secs?|seconds?)$/, "s"],
  [/^(?:ms|msecs?|millis|milliseconds?)$/, "ms"],
  [/^(?:m|mins?|minutes?)$/, "m"],
  [/^(?:h|hrs?|hours?)$/, "h"],
  [/^(?:d|days?)$/, "d"],
  [/^(?:w|weeks?)$/, "w"],
];

/** `5` and `5 sec` are `5s`, `1d` is `24h`, `1h 30m` is `1h30m`. */
function likelyDuration(written: string): string | undefined {
  const parts = [...written.toLowerCase().matchAll(/(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]*)\s*/gy)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== written.toLowerCase()) return undefined;
  const guess = parts.map(([, amount = "", name = ""]) => {
    const unit = units.find(([pattern]) => pattern.test(name))?.[1] ?? name;
    const hours = hoursPer[unit];
    return hours === undefined ? `${amount}${unit}` : `${Number(amount) * hours}h`;
  });
  return known(guess.join(""), written, parseDuration);
}

/** `20Mi` and `20mib` are `20MiB`, `5M` is `5MB`. */
function likelySize(written: string): string | undefined {
  const [, amount, prefix = "", binary] = /^(\d{1,9}(?:\.\d{1,9})?)\s*([kmg]?)(i?)(?:b|bytes?)?$/i.exec(written) ?? [];
  if (amount === undefined) return undefined;
  const unit = binary === "" ? { k: "kB", m: "MB", g: "GB" }[prefix.toLowerCase()] : `${prefix.toUpperCase()}iB`;
  return known(`${amount}${unit ?? "B"}`, written, parseByteSize);
}

/** A port alone, and a URL, where a listener's address is expected. */
function likelyHostPort(written: string): string | undefined {
  if (/^\d{1,5}$/.test(written)) return known(`localhost:${written}`, written, parseHostPort);
  const [, address] = /^(?:https?|grpc|tcp):\/\/([\w.-]{1,253}:\d{1,5})\/?$/.exec(written) ?? [];
  return address === undefined ? undefined : known(address, written, parseHostPort);
}

/** A host where a URL is expected: plain inside, encrypted elsewhere. */
function likelyUrl(written: string): string | undefined {
  if (/^(?:localhost|127\.0\.0\.1|\[::1\]):\d{1,5}$/.test(written)) return `http://${written}`;
  return /^[a-z][\w-]*(?:\.[\w-]+)+(?::\d{1,5})?$/i.test(written) ? `https://${written}` : undefined;
}

function known(guess: string, written: string, parse: (text: string) => unknown): string | undefined {
  return guess === written || parse(guess) === undefined ? undefined : guess;
}
