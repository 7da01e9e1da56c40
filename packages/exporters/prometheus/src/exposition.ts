import { type Distribution, explicitHistogram } from "@dbintel/pdata";
import type { Family } from "./families.ts";
import type { Series } from "./series.ts";

/** The text formats that Prometheus reads. */
export const contentTypes = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
} as const;
export type Format = keyof typeof contentTypes;

export interface ExpositionOptions {
  readonly format: Format;
  /** Tell when each value was measured. */
  readonly timestamps: boolean;
}

/** All families in one of the text formats, piece by piece; `targets` are the labels of the series `target_info`. */
export function* exposition(
  families: readonly Family[],
  targets: Iterable<string>,
  options: ExpositionOptions,
): Generator<string> {
  const isOpen = options.format === "openMetrics";
  yield* targetInfo(targets, isOpen);
  for (const family of families) {
    // OpenMetrics names a counter without the end that its sample has.
    const name = isOpen && family.type === "counter" ? family.name.replace(/_total$/, "") : family.name;
    if (family.help !== "") yield `# HELP ${name} ${escapedHelp(family.help, isOpen)}\n`;
    yield `# TYPE ${name} ${family.type}\n`;
    for (const series of family.series.values()) yield samples(family, series, options);
  }
  if (isOpen) yield "# EOF\n";
}

function* targetInfo(targets: Iterable<string>, isOpen: boolean): Generator<string> {
  let first = true;
  for (const labels of targets) {
    if (first) yield isOpen ? "# TYPE target info\n" : "# TYPE target_info gauge\n";
    first = false;
    yield `target_info{${labels}} 1\n`;
  }
}

function samples(family: Family, series: Series, options: ExpositionOptions): string {
  const { shown, labels } = series;
  if (shown === undefined) return "";
  const time = options.timestamps ? ` ${timestamp(series.timeUnixNano, options.format)}` : "";
  if (shown.type === "histogram") return histogramSamples(family.name, labels, shown.distribution, time);
  const isOpen = options.format === "openMetrics";
  const name =
    isOpen && family.type === "counter" && !family.name.endsWith("_total") ? `${family.name}_total` : family.name;
  return `${name}${braced(labels)} ${number(shown.value)}${time}\n`;
}

/** Exponential histograms are shown with powers of two as bounds, which are few and stay the same. */
const exponentialScale = 0;

/** Buckets are cumulative in Prometheus, and the last one is called +Inf. */
function histogramSamples(name: string, labels: string, distribution: Distribution, time: string): string {
  const { bounds, bucketCounts, count, sum } =
    distribution.type === "histogram" ? distribution : explicitHistogram(distribution, exponentialScale);
  const more = labels === "" ? "" : `${labels},`;
  const lines: string[] = [];
  let below = 0n;
  for (const [at, bound] of bounds.entries()) {
    below += bucketCounts[at] ?? 0n;
    lines.push(`${name}_bucket{${more}le="${number(bound)}"} ${below}${time}`);
  }
  lines.push(`${name}_bucket{${more}le="+Inf"} ${count}${time}`);
  if (sum !== undefined) lines.push(`${name}_sum${braced(labels)} ${number(sum)}${time}`);
  lines.push(`${name}_count${braced(labels)} ${count}${time}`, "");
  return lines.join("\n");
}

function braced(labels: string): string {
  return labels === "" ? "" : `{${labels}}`;
}

function number(value: bigint | number): string {
  if (value === Number.POSITIVE_INFINITY) return "+Inf";
  return value === Number.NEGATIVE_INFINITY ? "-Inf" : String(value);
}

/** Milliseconds in the older format, seconds in OpenMetrics. */
function timestamp(unixNano: bigint, format: Format): string {
  const ms = unixNano / 1_000_000n;
  if (format === "text") return String(ms);
  return `${ms / 1000n}.${String(ms % 1000n).padStart(3, "0")}`;
}

function escapedHelp(help: string, isOpen: boolean): string {
  const special = isOpen ? /[\\\n"]/g : /[\\\n]/g;
  return help.toWellFormed().replace(special, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
