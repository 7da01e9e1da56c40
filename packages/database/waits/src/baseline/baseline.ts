/** Values of an hour after which half of its difference from the whole day is believed. */
const halfBelieved = 12;

/** What a normal distribution's standard deviation is to its mean absolute deviation: √(π/2). */
const deviationScale = Math.sqrt(Math.PI / 2);

/** How far a value is let pull, in standard deviations: P. J. Huber, "Robust Estimation of a Location Parameter" (1964). */
const clip = 3;

/** Values, their centre and their mean absolute deviation from it. */
export interface Level {
  readonly count: number;
  readonly centre: number;
  readonly spread: number;
}

export interface BaselineState {
  /** All values. */
  readonly day: Level;
  /** Those of each hour of the day (UTC) that had any. */
  readonly hours: ReadonlyMap<number, Level>;
}

export const noBaseline: BaselineState = { day: { count: 0, centre: 0, spread: 0 }, hours: new Map() };

/**
 * A level after one value more. Centre and spread are exponentially weighted averages, plain ones until `memory` values are
 * there. A value far out moves them as if it were less far, so that an incident does not become what is usual at once, but
 * does when it stays.
 */
function learned({ count, centre, spread }: Level, value: number, memory: number): Level {
  if (count === 0) return { count: 1, centre: value, spread: 0 };
  const weight = Math.min(count + 1, memory);
  const limit = clip * deviationScale * spread;
  // The first values tell the spread; with none, whatever comes would be clipped to nothing.
  const free = count < 8 || limit === 0;
  const difference = free ? value - centre : Math.max(-limit, Math.min(limit, value - centre));
  return {
    count: count + 1,
    centre: centre + difference / weight,
    spread: spread + (Math.abs(difference) - spread) / weight,
  };
}

/** The state after one value more, which is that of an hour of the day (0 to 23). */
export function learn(state: BaselineState, value: number, hour: number, memory: number): BaselineState {
  const before = state.hours.get(hour) ?? noBaseline.day;
  return {
    day: learned(state.day, value, memory),
    // An hour has its values on few of the days: a memory of a tenth follows a change within some days.
    hours: new Map(state.hours).set(hour, learned(before, value, Math.max(8, memory / 10))),
  };
}

/** What is to be expected in an hour: the less it rests on, the nearer to the whole day. */
export function expected(
  { day, hours }: BaselineState,
  hour: number,
): { readonly centre: number; readonly deviation: number } {
  const level = hours.get(hour) ?? noBaseline.day;
  const belief = level.count / (level.count + halfBelieved);
  return {
    centre: day.centre + belief * (level.centre - day.centre),
    deviation: deviationScale * (day.spread + belief * (level.spread - day.spread)),
  };
}
