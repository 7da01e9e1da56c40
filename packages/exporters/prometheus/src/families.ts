import type { DataPoint } from "@dbintel/pdata";
import { type Rejection, Series } from "./series.ts";

/** The types of Prometheus. */
export type FamilyType = "counter" | "gauge" | "histogram";

/** All series of one name. */
export interface Family {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly unit: string;
  /** By their labels. */
  readonly series: ReadonlyMap<string, Series>;
}

interface OpenFamily extends Family {
  readonly series: Map<string, Series>;
}

export interface FamiliesOptions {
  readonly maxSeries: number;
  readonly expirationMs: number;
}

/** Every series that is served, within a bound. */
export class Families {
  readonly #options: FamiliesOptions;
  readonly #families = new Map<string, OpenFamily>();
  #size = 0;

  constructor(options: FamiliesOptions) {
    this.#options = options;
  }

  /** How many series there are. */
  get size(): number {
    return this.#size;
  }

  /** Takes a point as the value of its series; tells why it did not. */
  take(args: {
    readonly point: DataPoint;
    readonly name: string;
    readonly labels: string;
    readonly nowMs: number;
  }): Rejection | "type_conflict" | "too_many_series" | undefined {
    const { point, name, labels, nowMs } = args;
    const type = typeOf(point);
    if (type === undefined) return "unsupported_type";
    const { description, unit } = point.metric;
    const family = this.#families.get(name) ?? { name, type, help: description, unit, series: new Map() };
    if (family.type !== type) return "type_conflict";
    const known = family.series.get(labels);
    if (known === undefined && this.#size >= this.#options.maxSeries) return "too_many_series";
    const series = known ?? new Series(labels);
    const rejection = series.take(point, nowMs);
    if (rejection !== undefined || known !== undefined) return rejection;
    family.series.set(labels, series);
    this.#families.set(name, family);
    this.#size++;
    return undefined;
  }

  /** Forgets what got no new value for too long. */
  expire(nowMs: number): void {
    const oldestMs = nowMs - this.#options.expirationMs;
    for (const [name, { series }] of this.#families) {
      for (const [labels, { updatedMs }] of series) {
        if (updatedMs > oldestMs) continue;
        series.delete(labels);
        this.#size--;
      }
      if (series.size === 0) this.#families.delete(name);
    }
  }

  /** In the order of their names. */
  all(): readonly Family[] {
    return [...this.#families.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }
}

function typeOf({ metric }: DataPoint): FamilyType | undefined {
  switch (metric.type) {
    case "gauge":
      return "gauge";
    case "sum":
      return metric.monotonic ? "counter" : "gauge";
    case "histogram":
    case "exponential_histogram":
      return "histogram";
    default:
      return undefined;
  }
}
