import type { Metric } from "@dbintel/pdata";

/** What of a metric its name follows from. */
export type Named = Pick<Metric, "name" | "unit" | "type" | "monotonic">;

export interface NameOptions {
  readonly namespace: string;
  readonly suffixes: boolean;
}

/**
 * The name of a metric in Prometheus (OpenTelemetry Specification 1.50, "Prometheus and OpenMetrics Compatibility"):
 * other characters become underscores, the unit is written out at the end, and a counter ends in `_total`.
 */
export function metricName({ name, unit, type, monotonic }: Named, { namespace, suffixes }: NameOptions): string {
  const words = [namespace, name].filter((part) => part !== "").join("_");
  const clean = words
    .replace(/[^a-zA-Z0-9_:]+/g, "_")
    .replace(/_{2,}/g, "_")
    .replace(/^(?=\d)/, "_");
  if (!suffixes) return clean;
  const counts = type === "sum" && monotonic;
  const written = unitWords(unit, type === "gauge").filter((word) => !clean.split("_").includes(word));
  const bare = counts ? clean.replace(/_total$/, "") : clean;
  return [bare, ...written, ...(counts ? ["total"] : [])].join("_");
}

/** The name of a label: what Prometheus does not allow becomes an underscore, one in front of a digit. */
export function labelName(key: string): string {
  return key.replace(/[^a-zA-Z0-9_]/g, "_").replace(/^(?=\d)/, "key_") || "_";
}

const units: Readonly<Record<string, string>> = {
  ...{ d: "days", h: "hours", min: "minutes", s: "seconds", ms: "milliseconds", us: "microseconds", ns: "nanoseconds" },
  ...{ By: "bytes", KiBy: "kibibytes", MiBy: "mebibytes", GiBy: "gibibytes", TiBy: "tibibytes" },
  ...{ KBy: "kilobytes", MBy: "megabytes", GBy: "gigabytes", TBy: "terabytes" },
  ...{ m: "meters", V: "volts", A: "amperes", J: "joules", W: "watts", g: "grams", Cel: "celsius", Hz: "hertz" },
  "%": "percent",
};
const perUnits: Readonly<Record<string, string>> = {
  ...{ s: "second", m: "minute", h: "hour", d: "day", w: "week", mo: "month", y: "year" },
};

/** A unit of UCUM in words; what stands in braces is an annotation and no unit. */
function unitWords(unit: string, isGauge: boolean): readonly string[] {
  if (unit === "1") return isGauge ? ["ratio"] : [];
  const [main = "", per] = unit.split("/", 2);
  const word = written(main, units);
  const rate = per === undefined ? "" : written(per, perUnits);
  return [...(word === "" ? [] : [word]), ...(rate === "" ? [] : ["per", rate])];
}

function written(unit: string, words: Readonly<Record<string, string>>): string {
  if (unit.includes("{")) return "";
  return words[unit] ?? unit.replace(/[^a-zA-Z0-9]+/g, "_").replace(/^_+|_+$/g, "");
}
