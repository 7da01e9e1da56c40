import type { Observation } from "../src/regression/events.ts";

/** Draws numbers between 0 and 1. */
export type Draw = () => number;

/** A linear congruential generator (Numerical Recipes): the same history on every machine. */
export function seeded(seed: number): Draw {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
}

/** A statement whose times are lognormal around a level that follows the day and a cache that is cold at times. */
export interface SimulatedQuery {
  readonly name: string;
  readonly meanMs: number;
  /** Of the logarithm of a single time. */
  readonly spread: number;
  readonly callsPerWindow: number;
  /** By how much the level rises and falls in a day, in logarithms. */
  readonly dailySwing: number;
  /** Share of the windows that find a cold cache. */
  readonly coldShare: number;
  /** An hour of each day and a day of each week when it is slower by itself; absent for the same all along. */
  readonly busy?: { readonly hour: number; readonly day: number } | undefined;
}

/** How many times slower a statement is in its busy hour, and on its busy day. */
const busyHour = 3;
const busyDay = 1.8;

export const windowSeconds = 300;
export const windowsPerDay = 86_400 / windowSeconds;

export function simulatedQueries(count: number, draw: Draw, rhythms = false): readonly SimulatedQuery[] {
  return Array.from({ length: count }, (_, number) => ({
    name: `query ${number}`,
    meanMs: Math.exp(draw() * 6),
    spread: 0.3 + draw() * 0.9,
    callsPerWindow: Math.round(Math.exp(3.5 + draw() * 4)),
    dailySwing: draw() * 0.3,
    coldShare: draw() * 0.01,
    busy: rhythms ? { hour: number % 24, day: number % 7 } : undefined,
  }));
}

/** What a statistics view would tell of one window; `factor` is by how much the statement is slower than by itself. */
export function simulatedWindow(
  query: SimulatedQuery,
  { window, factor, plan }: { readonly window: number; readonly factor: number; readonly plan: string },
  draw: Draw,
): Observation {
  const swing = query.dailySwing * Math.sin((2 * Math.PI * window) / windowsPerDay);
  const cold = draw() < query.coldShare ? Math.log(1.5 + draw()) : 0;
  const calls = Math.max(1, Math.round(query.callsPerWindow * (0.7 + 0.6 * draw())));
  const level = Math.log(query.meanMs * factor) + swing + busyness(query, window) + cold + normal(draw) * 0.05;
  // The mean of n lognormal times, and what they show of their spread.
  const logMean = level + (normal(draw) * query.spread) / Math.sqrt(calls);
  const spread = query.spread * Math.exp((normal(draw) * 0.5) / Math.sqrt(calls));
  const meanMs = Math.exp(logMean + spread ** 2 / 2);
  return { query: query.name, plan, calls, meanMs, standardDeviationMs: meanMs * Math.sqrt(Math.expm1(spread ** 2)) };
}

/** The simulation begins on a Sunday, at midnight. */
function busyness({ busy }: SimulatedQuery, window: number): number {
  if (busy === undefined) return 0;
  const day = Math.floor(window / windowsPerDay);
  const hour = Math.floor((window % windowsPerDay) / (windowsPerDay / 24));
  return (hour === busy.hour ? Math.log(busyHour) : 0) + (day % 7 === busy.day ? Math.log(busyDay) : 0);
}

/** Box and Muller, 1958. */
function normal(draw: Draw): number {
  return Math.sqrt(-2 * Math.log(draw())) * Math.cos(2 * Math.PI * draw());
}
