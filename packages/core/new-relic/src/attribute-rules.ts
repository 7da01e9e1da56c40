import { type AnyValue, type AttributeKey, type Attributes, attributeKeys, type ValueKind } from "@dbintel/pdata";
import type { BreachAction, BreachCode } from "./breach.ts";
import type { ContractLimits } from "./limits.ts";
import { cutText } from "./text.ts";

/** Names that metrics of New Relic have a meaning of their own for. */
export const reservedNames = [
  "endTimestamp",
  "entity.guid",
  "entity.name",
  "entity.type",
  "interval.ms",
  "metricName",
  "newrelic.source",
  "timestamp",
] as const;

/** Put before the name of an attribute that must not keep it. */
export const renamePrefix = "original.";

const reserved = attributeKeys(reservedNames);

/** Tells of one breach in the attributes at hand. */
export type AttributeBreach = (code: BreachCode, action: BreachAction, attribute?: string) => void;

/** The rules for the attributes of a resource, a scope, an item, or a part of one. */
export class AttributeRules {
  readonly #limits: ContractLimits;
  readonly #fix: boolean;
  readonly #found: AttributeBreach;
  #suspicious = false;

  constructor(args: { readonly limits: ContractLimits; readonly fix: boolean; readonly found: AttributeBreach }) {
    this.#limits = args.limits;
    this.#fix = args.fix;
    this.#found = args.found;
  }

  /** Names and values. Decodes nothing where lengths and kinds tell that all is well. */
  check(attributes: Attributes): void {
    this.#suspicious = false;
    attributes.forEachShape(this.#look);
    if (!this.#suspicious) return;
    for (const [name, value] of [...attributes.entries()]) this.#checkOne(attributes, name, value);
  }

  /** Names that stand for something else on a metric. */
  checkNames(attributes: Attributes, metric: AttributeKey): void {
    if (attributes.firstOf(reserved) >= 0) {
      for (const name of reservedNames) {
        if (attributes.has(name)) this.#rename(attributes, name, "attribute_reserved");
      }
    }
    if (attributes.has(metric)) this.#rename(attributes, metric.name, "attribute_named_like_metric");
  }

  /** Removes the last attributes above `most`, but none of `kept`. */
  checkCount(attributes: Attributes, most: number, kept: ReadonlySet<string>): void {
    const excess = attributes.size - Math.max(0, most);
    if (excess <= 0) return;
    if (!this.#fix) {
      this.#found("too_many_attributes", "reported");
      return;
    }
    const removable = [...attributes.keys()].filter((name) => !kept.has(name)).slice(-excess);
    for (const name of removable) attributes.delete(name);
    this.#found("too_many_attributes", removable.length < excess ? "reported" : "repaired");
  }

  readonly #look = (nameBytes: number, kind: ValueKind, valueBytes: number): void => {
    const { attributeNameLength, attributeValueLength } = this.#limits;
    // A character has at least one byte: what is short in bytes is short.
    const isLong = nameBytes > attributeNameLength || (kind === "string" && valueBytes > attributeValueLength);
    if (isLong || kind === "array" || kind === "map") this.#suspicious = true;
  };

  #checkOne(attributes: Attributes, name: string, value: AnyValue): void {
    const { attributeNameLength } = this.#limits;
    const mended = this.#mend(name, value);
    if (name.length > attributeNameLength) {
      this.#found("attribute_name_too_long", this.#fix ? "repaired" : "reported", cutText(name, attributeNameLength));
      if (!this.#fix) return;
      attributes.delete(name);
      attributes.set(cutText(name, attributeNameLength), mended);
    } else if (this.#fix && mended !== value) {
      attributes.set(name, mended);
    }
  }

  /** The value as New Relic takes it, after telling what is wrong with it. */
  #mend(name: string, value: AnyValue): AnyValue {
    const { attributeNameLength, attributeValueLength, arrayLength } = this.#limits;
    const tell = (code: BreachCode) =>
      this.#found(code, this.#fix ? "repaired" : "reported", cutText(name, attributeNameLength));
    let mended = value;
    if (mended instanceof Map) {
      tell("attribute_map");
      mended = toJson(mended);
    } else if (Array.isArray(mended)) {
      if (isMixed(mended)) {
        tell("attribute_array_mixed");
        mended = toJson(mended);
      } else if (mended.length > arrayLength) {
        tell("attribute_array_too_long");
        return mended.slice(0, arrayLength);
      }
    }
    if (typeof mended === "string" && mended.length > attributeValueLength) {
      tell("attribute_too_long");
      return cutText(mended, attributeValueLength);
    }
    return mended;
  }

  #rename(attributes: Attributes, name: string, code: BreachCode): void {
    this.#found(code, this.#fix ? "repaired" : "reported", name);
    if (!this.#fix) return;
    attributes.set(renamePrefix + name, attributes.get(name) ?? null);
    attributes.delete(name);
  }
}

/** Whether an array is not of one scalar type. */
function isMixed(values: readonly AnyValue[]): boolean {
  const first = typeof values[0];
  return values.some((value) => typeof value !== first || (typeof value === "object" && value !== null));
}

/** Integers are numbers where a double holds them, else text; bytes are Base64. */
function toJson(value: AnyValue): string {
  return JSON.stringify(plain(value));
}

function plain(value: AnyValue): unknown {
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, part]) => [key, plain(part)]));
  return Array.isArray(value) ? value.map(plain) : value;
}
