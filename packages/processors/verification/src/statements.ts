import { type AttributeKeys, attributeKeys, type Batch, type Item, type TextPlace } from "@dbintel/pdata";
import { type RedactedSql, redactSql, SystemSyntaxes, TextCache } from "@dbintel/sql";
import RE2 from "re2";
import type { VerificationConfig } from "./config.ts";
import type { VerificationMetrics } from "./metrics.ts";

/** A text without any of these has no constant and no comment, whatever the dialect. */
const maybeConstant =
  "['\"`\\\\#]|--|/\\*|\\$\\$|(?:^|[^A-Za-z0-9_$.])[0-9.]|(?i)\\b(?:true|false|password|identified)\\b";

/** KeyValue => key(1) STRING, value(2) AnyValue; AnyValue => string_value(1) STRING, … */
const VALUE = 0x12;
const STRING = 0x0a;

/** Makes the statements in attributes safe by their structure: constants become `?`, comments go. */
export class Statements {
  readonly #keys: AttributeKeys;
  readonly #names: ReadonlySet<string>;
  readonly #safe: TextCache<RedactedSql>;
  readonly #syntaxes: SystemSyntaxes;
  readonly #maybeConstant = new RE2(maybeConstant);
  readonly #metrics: VerificationMetrics;

  constructor(config: VerificationConfig["sql"], metrics: VerificationMetrics) {
    this.#keys = attributeKeys(config.enabled ? config.attributes : []);
    this.#names = new Set(this.#keys.keys.map(({ name }) => name));
    this.#safe = new TextCache({ max: config.cache_size, read: redactSql });
    this.#syntaxes = new SystemSyntaxes({
      ansiQuotes: config.ansi_quotes,
      noBackslashEscapes: config.no_backslash_escapes,
    });
    this.#metrics = metrics;
  }

  /** The statements of records, spans and points, read as their system writes them. */
  makeSafe(batch: Batch): void {
    if (this.#keys.keys.length === 0) return;
    for (const item of itemsOf(batch)) {
      if (item.attributes.firstOf(this.#keys) >= 0) this.#makeItemSafe(item);
    }
  }

  #makeItemSafe({ attributes, resource }: Item): void {
    for (const key of this.#keys.keys) {
      const utf8 = attributes.getUtf8(key);
      if (utf8 === undefined || !this.#maybeConstant.test(utf8)) continue;
      const { value } = this.#safe.read(utf8, this.#syntaxes.of(attributes, resource.attributes));
      if (Buffer.compare(utf8, Buffer.from(value.text)) === 0) continue;
      attributes.set(key, value.text);
      this.#metrics.statement();
    }
  }

  /** Whether encoded bytes have an attribute with a statement that may have constants, wherever it stands. */
  mayHold(message: Uint8Array): boolean {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.length);
    return this.#keys.keys.some(({ utf8 }) => {
      for (let at = bytes.indexOf(utf8); at >= 0; at = bytes.indexOf(utf8, at + 1)) {
        if (this.#hasConstant(bytes, at + utf8.length)) return true;
      }
      return false;
    });
  }

  /** Whether a text stands where a statement stands that `makeSafe` does not reach: in events, maps, exemplars … */
  isElsewhere({ scope, path }: TextPlace): boolean {
    if (scope === "attributes" && path.length === 1) return false;
    return this.#names.has(path.at(-1) ?? "");
  }

  /**
   * A statement that does not say which system it is for, without its constants. It is read as PostgreSQL and then as
   * MySQL writes it; where a backslash lets both disagree on what is a constant, nothing of it stays.
   */
  safeOf(utf8: Uint8Array): string {
    if (utf8.includes(0x5c)) return "?";
    const { text } = this.#safe.read(utf8, { dialect: "postgresql" }).value;
    return /["'`#]/.test(text) ? redactSql(text, "mysql").text : text;
  }

  /** Whether a string value that begins at `pos` has what may be a constant. */
  #hasConstant(bytes: Buffer, pos: number): boolean {
    if (bytes[pos] !== VALUE) return false;
    const member = afterVarint(bytes, pos + 1);
    if (bytes[member] !== STRING) return true;
    const start = afterVarint(bytes, member + 1);
    return this.#maybeConstant.test(bytes.subarray(start, start + lengthAt(bytes, member + 1)));
  }
}

function afterVarint(bytes: Buffer, pos: number): number {
  let next = pos;
  while ((bytes[next++] ?? 0) > 127);
  return next;
}

function lengthAt(bytes: Buffer, pos: number): number {
  let length = 0;
  for (let at = pos, unit = 1; ; at++, unit *= 128) {
    const byte = bytes[at] ?? 0;
    length += (byte & 127) * unit;
    if (byte < 128) return length;
  }
}

/** What a batch counts: records, spans or points. One object serves all, as with every cursor. */
export function itemsOf(batch: Batch): Iterable<Item> {
  switch (batch.signal) {
    case "logs":
      return batch.records();
    case "traces":
      return batch.spans();
    case "metrics":
      return batch.points();
  }
}
