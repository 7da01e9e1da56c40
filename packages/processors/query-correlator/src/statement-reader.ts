import { type Attributes, attributeKeys, type Item } from "@dbintel/pdata";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics } from "./metrics.ts";
import type { Statement } from "./statements/statement.ts";

const textKeys = attributeKeys(["db.query.text", "db.statement"]);

/** Reads the statements of items, and tells what their text says. */
export class StatementReader {
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;

  constructor(correlation: Correlation, metrics: CorrelatorMetrics) {
    this.#correlation = correlation;
    this.#metrics = metrics;
  }

  /** The statement of an item whose text is there. */
  read({ attributes, resource }: Item): Statement | undefined {
    const text = textOf(attributes);
    if (text === undefined || text.length === 0) return undefined;
    const syntax = this.#correlation.syntaxes.of(attributes, resource.attributes);
    const { value: statement, known } = this.#correlation.statements.read(text, syntax);
    this.#metrics.statement(known ? "remembered" : "read");
    attributes.add(statement.encoded);
    return statement;
  }
}

function textOf(attributes: Attributes): Uint8Array | undefined {
  const key = textKeys.keys[attributes.firstOf(textKeys)];
  return key && attributes.getUtf8(key);
}
