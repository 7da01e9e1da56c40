import { type AttributeKeys, attributeKeys, type Batch, type Item } from "@dbintel/pdata";
import { type RedactedSql, redactSql, SystemSyntaxes, TextCache } from "@dbintel/sql";
import RE2 from "re2";
import type { VerificationConfig } from "./config.ts";
import type { VerificationMetrics } from "./metrics.ts";

/** A text without any of these has no constant and no comment, whatever the dialect. */
const maybeConstant =
  "['\"`\\\\#]|--|/\\*|\\$\\$|(?:^|[^A-Za-z0-9_$.])[0-9.]|(?i)\\b(?:true|false|password|identified)\\b";

/** Makes the statements in attributes safe by their structure: constants become `?`, comments go. */
export class Statements {
  readonly #keys: AttributeKeys;
  readonly #safe: TextCache<RedactedSql>;
  readonly #syntaxes: SystemSyntaxes;
  readonly #maybeConstant = new RE2(maybeConstant);
  readonly #metrics: VerificationMetrics;

  constructor(config: VerificationConfig["sql"], metrics: VerificationMetrics) {
    this.#keys = attributeKeys(config.enabled ? config.attributes : []);
    this.#safe = new TextCache({ max: config.cache_size, read: redactSql });
    this.#syntaxes = new SystemSyntaxes({
      ansiQuotes: config.ansi_quotes,
      noBackslashEscapes: config.no_backslash_escapes,
    });
    this.#metrics = metrics;
  }

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
