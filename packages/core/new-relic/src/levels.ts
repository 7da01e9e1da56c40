import { addNumbers, type DataPoint, type NumberValue } from "@dbintel/pdata";
import { SeriesMemory } from "@dbintel/temporality";

/** Series that are followed; one more displaces that which was silent longest. */
const maxSeries = 10_000;

/** A series that was silent for longer begins anew. */
const maxSilenceMs = 3_600_000;

interface Level {
  readonly value: NumberValue;
  readonly startUnixNano: bigint;
  /** Of the last point that counts. */
  readonly timeUnixNano: bigint;
}

/**
 * Turns changes that can be negative into the level that they lead to, from 0 where a series begins. A point that comes
 * twice, because it was given back and sent again, counts once.
 */
export class Levels {
  readonly #levels = new SeriesMemory<Level>({ maxSeries, maxSilenceMs });

  /** Puts the level in the place of a point's change; false for a point that is older than the last one of its series. */
  convert(point: DataPoint, nowUnixNano: bigint): boolean {
    const { value: change, timeUnixNano } = point;
    if (change === undefined) return true;
    const { key, state } = this.#levels.get(point, nowUnixNano);
    const last = state ?? {
      value: typeof change === "bigint" ? 0n : 0,
      startUnixNano: point.startTimeUnixNano === 0n ? timeUnixNano : point.startTimeUnixNano,
      timeUnixNano: -1n,
    };
    if (timeUnixNano < last.timeUnixNano) return false;
    const value = timeUnixNano === last.timeUnixNano ? last.value : addNumbers(last.value, change);
    this.#levels.set(key, { ...last, value, timeUnixNano }, nowUnixNano);
    point.value = value;
    point.startTimeUnixNano = last.startUnixNano;
    return true;
  }
}
