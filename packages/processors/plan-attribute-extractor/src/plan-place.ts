import { type AttributeKey, type AttributeKeys, attributeKeys, type LogRecord } from "@dbintel/pdata";

/** Where in a record a plan was found. */
export interface PlanPlace {
  /** The plan as it came; `undefined` when the attribute does not hold a text. */
  readonly utf8: Uint8Array | undefined;
  /** The attribute; `undefined` for the body. */
  readonly key: AttributeKey | undefined;
}

const brace = 0x7b;
const bracket = 0x5b;
const dash = 0x2d;
const letterD = 0x64;
/** What only a plan has, in each of the formats that are read. */
const signs = ['"Plan"', '"query_block"', '"query_plan"', '"Node Type"', "\t{", "(cost="].map((sign) =>
  Buffer.from(sign),
);
const autoExplain = Buffer.from("duration: ");

/** Finds the plan of a record. */
export class PlanPlaces {
  readonly #keys: AttributeKeys;
  readonly #body: boolean;

  constructor(names: readonly string[], body: boolean) {
    this.#keys = attributeKeys(names);
    this.#body = body;
  }

  find(record: LogRecord): PlanPlace | undefined {
    const key = this.#keys.keys[record.attributes.firstOf(this.#keys)];
    if (key !== undefined) return { utf8: record.attributes.getUtf8(key), key };
    return this.isInBody(record) ? { utf8: record.bodyUtf8, key: undefined } : undefined;
  }

  /** Whether the body is looked at and looks like a plan. */
  isInBody(record: LogRecord): boolean {
    return this.#body && looksLikePlan(record);
  }

  /** Takes away what is left of plans: a record is told about one. */
  removeOthers(record: LogRecord, kept: AttributeKey | undefined): void {
    for (const key of this.#keys.keys) if (key !== kept) record.attributes.delete(key);
  }
}

/** A cheap look that most bodies end at their first byte; also true for a plan that was cut off. */
function looksLikePlan(record: LogRecord): boolean {
  let start = 0;
  let first = record.bodyByte(start);
  while (first >= 0 && first <= 0x20) first = record.bodyByte(++start);
  if (first === letterD) {
    for (let at = 1; at < autoExplain.length; at++) if (record.bodyByte(start + at) !== autoExplain[at]) return false;
  } else if (first !== brace && first !== bracket && first !== dash) {
    return false;
  }
  const body = record.bodyUtf8;
  if (body === undefined) return false;
  const text = Buffer.from(body.buffer, body.byteOffset, body.length);
  return signs.some((sign) => text.includes(sign, start));
}
