import { type DataPoint, joinHash } from "@dbintel/pdata";

/** Series that are followed; one more displaces that which was silent longest. */
const maxSeries = 10_000;

/** A series that was silent for longer begins anew. */
const maxSilenceNano = 3_600_000_000_000n;

const maxInt64 = 2n ** 63n - 1n;

interface Level {
  readonly value: bigint | number;
  readonly startUnixNano: bigint;
  /** Of the last point that counts. */
  readonly timeUnixNano: bigint;
  readonly seenUnixNano: bigint;
}

/**
 * Turns changes that can be negative into the level that they lead to, from 0 where a series begins. A point that comes
 * twice, because it was given back and sent again, counts once.
 */
export class Levels {
  /** In the order in which they were seen last. */
  readonly #levels = new Map<string, Level>();

  /** Puts the level in the place of a point's change; false for a point that is older than the last one of its series. */
  convert(point: DataPoint, nowUnixNano: bigint): boolean {
    const { value: change, timeUnixNano } = point;
    if (change === undefined) return true;
    this.#forget(nowUnixNano);
    const key = keyOf(point);
    const last = this.#levels.get(key) ?? {
      value: typeof change === "bigint" ? 0n : 0,
      startUnixNano: point.startTimeUnixNano === 0n ? timeUnixNano : point.startTimeUnixNano,
      timeUnixNano: -1n,
    };
    if (timeUnixNano < last.timeUnixNano) return false;
    const value = timeUnixNano === last.timeUnixNano ? last.value : sum(last.value, change);
    this.#levels.delete(key);
    this.#levels.set(key, { ...last, value, timeUnixNano, seenUnixNano: nowUnixNano });
    point.value = value;
    point.startTimeUnixNano = last.startUnixNano;
    return true;
  }

  #forget(nowUnixNano: bigint): void {
    for (const [key, { seenUnixNano }] of this.#levels) {
      if (this.#levels.size <= maxSeries && nowUnixNano - seenUnixNano <= maxSilenceNano) return;
      this.#levels.delete(key);
    }
  }
}

/** Two hashes of 32 bits beside the name: series do not meet by chance. */
function keyOf({ metric, attributes }: DataPoint): string {
  const producer = metric.resource.attributes;
  const hashes = [1, 2].map((seed) => joinHash(producer.hashAll(seed), attributes.hashAll(seed)));
  return [metric.name, metric.scope.name, ...hashes].join("\0");
}

/** A whole number as long as it fits into 64 bits. */
function sum(level: bigint | number, change: bigint | number): bigint | number {
  if (typeof level === "number" || typeof change === "number") return Number(level) + Number(change);
  const total = level + change;
  return total <= maxInt64 && total >= -maxInt64 ? total : Number(total);
}
