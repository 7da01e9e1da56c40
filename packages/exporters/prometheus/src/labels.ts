import type { AnyValue, Attributes, DataPoint } from "@dbintel/pdata";
import { labelName } from "./metric-name.ts";

export interface LabelOptions {
  readonly constant: Readonly<Record<string, string>>;
  readonly scope: boolean;
  readonly resource: boolean;
}

/** A longer value is cut: it is no label that anybody groups by. */
const longestValue = 1024;
/** These attributes of a resource tell targets apart in Prometheus. */
const identity = new Set(["service.name", "service.namespace", "service.instance.id"]);

/** The labels of a point's series as they are written between braces, in the order of their names. */
export function seriesLabels(point: DataPoint, { constant, scope, resource }: LabelOptions): string {
  const { metric } = point;
  const labels = new LabelSet();
  if (resource) labels.addAll(metric.resource.attributes);
  labels.addAll(point.attributes);
  if (scope && metric.scope.name !== "") labels.set("otel_scope_name", metric.scope.name);
  if (scope && metric.scope.version !== "") labels.set("otel_scope_version", metric.scope.version);
  for (const [name, value] of Object.entries(targetLabels(metric.resource.attributes))) labels.set(name, value);
  for (const [name, value] of Object.entries(constant)) labels.set(name, value);
  return labels.text();
}

/** The labels of the series `target_info`; `undefined` when the resource says nothing beside who it is. */
export function targetInfoLabels(
  attributes: Attributes,
  constant: Readonly<Record<string, string>>,
): string | undefined {
  const labels = new LabelSet();
  labels.addAll(attributes, identity);
  if (labels.size === 0) return undefined;
  for (const [name, value] of Object.entries({ ...targetLabels(attributes), ...constant })) labels.set(name, value);
  return labels.text();
}

function targetLabels(attributes: Attributes): Readonly<Record<string, string>> {
  const name = attributes.getString("service.name");
  const namespace = attributes.getString("service.namespace");
  const instance = attributes.getString("service.instance.id");
  return {
    ...(name === undefined ? {} : { job: namespace === undefined ? name : `${namespace}/${name}` }),
    ...(instance === undefined ? {} : { instance }),
  };
}

class LabelSet {
  readonly #values = new Map<string, string>();

  get size(): number {
    return this.#values.size;
  }

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  /** Names that become the same label are joined, as the specification wants it. */
  addAll(attributes: Attributes, without: ReadonlySet<string> = new Set()): void {
    const added = new Map<string, string>();
    for (const [key, value] of attributes.entries()) {
      if (without.has(key)) continue;
      const name = labelName(key);
      const before = added.get(name);
      added.set(name, before === undefined ? shown(value) : `${before};${shown(value)}`);
    }
    for (const [name, value] of added) this.#values.set(name, value);
  }

  text(): string {
    const sorted = [...this.#values].sort(([one], [other]) => (one < other ? -1 : 1));
    return sorted.map(([name, value]) => `${name}="${escaped(value)}"`).join(",");
  }
}

function shown(value: AnyValue): string {
  if (typeof value === "string") return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  return typeof value === "object" && value !== null ? JSON.stringify(value, plain) : String(value ?? "");
}

/** JSON knows neither maps nor integers of 64 bits. */
function plain(_key: string, value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries(value);
  return typeof value === "bigint" ? String(value) : value;
}

function escaped(value: string): string {
  const whole = value.length > longestValue ? `${value.slice(0, longestValue)}…` : value;
  return whole.toWellFormed().replace(/[\\"\n]/g, (char) => (char === "\n" ? "\\n" : `\\${char}`));
}
