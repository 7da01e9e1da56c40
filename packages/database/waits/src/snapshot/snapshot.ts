import type { BaselineState, Level } from "../baseline/baseline.ts";
import { waitCategories } from "../category.ts";
import type { WaitProfile } from "../profile/wait-profile.ts";

/** What an engine has learnt. */
export interface WaitSnapshot {
  /** By key, the oldest first. */
  readonly baselines: readonly (readonly [string, BaselineState])[];
  /** What sessions usually wait for, by key, the oldest first. */
  readonly references: readonly (readonly [string, WaitProfile])[];
}

const version = 1;

/** Significant digits that are kept. What was learnt is not known any better. */
const digits = 7;

/**
 * JSON in UTF-8: `{ version, baselines: [[key, day, [[hour, …level], …]], …], references: [[key, samples, seconds, squares,
 * windowSeconds, samples by category, seconds by category], …] }`, where a level is `count, centre, spread`.
 */
export function encodeSnapshot({ baselines, references }: WaitSnapshot): Uint8Array {
  const text = JSON.stringify({
    version,
    baselines: baselines.map(([key, { day, hours }]) => [
      key,
      levelNumbers(day),
      [...hours].map(([hour, level]) => [hour, ...levelNumbers(level)]),
    ]),
    references: references.map(([key, profile]) => [
      key,
      ...[profile.samples, profile.seconds, profile.squares, profile.windowSeconds].map(rounded),
      profile.samplesByCategory.map(rounded),
      profile.secondsByCategory.map(rounded),
    ]),
  });
  return new TextEncoder().encode(text);
}

/** `undefined` when the bytes are no snapshot of a version that is known here, or hold nonsense. */
export function decodeSnapshot(bytes: Uint8Array): WaitSnapshot | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
  if (typeof stored !== "object" || stored === null || !("version" in stored) || stored.version !== version)
    return undefined;
  if (!("baselines" in stored) || !("references" in stored)) return undefined;
  const baselines = every(stored.baselines, readBaseline);
  const references = every(stored.references, readReference);
  return baselines === undefined || references === undefined ? undefined : { baselines, references };
}

function levelNumbers({ count, centre, spread }: Level): readonly number[] {
  return [count, rounded(centre), rounded(spread)];
}

function rounded(value: number): number {
  return Number(value.toPrecision(digits));
}

function readBaseline(stored: unknown): readonly [string, BaselineState] | undefined {
  if (!Array.isArray(stored) || typeof stored[0] !== "string") return undefined;
  const day = readLevel(stored[1]);
  const hours = every(stored[2], (entry): readonly [number, Level] | undefined => {
    if (!Array.isArray(entry)) return undefined;
    const [hour, ...numbers] = entry as readonly unknown[];
    const level = readLevel(numbers);
    return level !== undefined && isHour(hour) ? [hour, level] : undefined;
  });
  return day === undefined || hours === undefined ? undefined : [stored[0], { day, hours: new Map(hours) }];
}

function isHour(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 24;
}

function readLevel(stored: unknown): Level | undefined {
  const [count, centre, spread] = numbers(stored) ?? [];
  if (count === undefined || centre === undefined || spread === undefined) return undefined;
  return count > 0 && spread >= 0 ? { count, centre, spread } : undefined;
}

function readReference(stored: unknown): readonly [string, WaitProfile] | undefined {
  if (!Array.isArray(stored) || typeof stored[0] !== "string") return undefined;
  const [samples, seconds, squares, windowSeconds] = numbers(stored.slice(1, 5)) ?? [];
  const samplesByCategory = byCategory(stored[5]);
  const secondsByCategory = byCategory(stored[6]);
  if (samples === undefined || seconds === undefined || squares === undefined || windowSeconds === undefined)
    return undefined;
  if (samplesByCategory === undefined || secondsByCategory === undefined) return undefined;
  return [stored[0], { samples, seconds, squares, windowSeconds, samplesByCategory, secondsByCategory }];
}

/** Categories are only ever added, and had no samples before. */
function byCategory(stored: unknown): readonly number[] | undefined {
  const values = numbers(stored);
  if (values === undefined || values.length > waitCategories.length || values.some((value) => value < 0))
    return undefined;
  return waitCategories.map((_, ordinal) => values[ordinal] ?? 0);
}

function numbers(stored: unknown): readonly number[] | undefined {
  return every(stored, (value) => (typeof value === "number" && Number.isFinite(value) ? value : undefined));
}

/** All members of a list as they are read; `undefined` when one cannot be. */
function every<Member>(stored: unknown, read: (member: unknown) => Member | undefined): readonly Member[] | undefined {
  if (!Array.isArray(stored)) return undefined;
  const members: Member[] = [];
  for (const value of stored as readonly unknown[]) {
    const member = read(value);
    if (member === undefined) return undefined;
    members.push(member);
  }
  return members;
}
