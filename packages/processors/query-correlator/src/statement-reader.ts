import { type AttributeKey, attributeKeys, type Item, type Resource } from "@dbintel/pdata";
import type { SqlSyntax } from "@dbintel/sql";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics } from "./metrics.ts";
import type { Statement } from "./statements/statement.ts";

/** Where the text of a statement stands; the first one counts. */
export const textNames: readonly string[] = ["db.query.text", "db.statement"];

const textKeys = attributeKeys(textNames);
const systemKeys = attributeKeys(["db.system.name", "db.system"]);

/** A text of the batch that is being read. */
interface Recent {
  readonly utf8: Uint8Array;
  readonly syntax: SqlSyntax;
  readonly statement: Statement;
}

/** Texts of one batch that are looked up by a short hash and compared, which is quicker than their digest. */
const mostRecent = 256;

/** Reads the statements of items, and tells what their text says. */
export class StatementReader {
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;
  readonly #recent = new Map<number, Recent>();
  /** The syntax that a resource names, for items that name none. */
  #syntax: SqlSyntax | undefined;
  #ordinal = -1;

  constructor(correlation: Correlation, metrics: CorrelatorMetrics) {
    this.#correlation = correlation;
    this.#metrics = metrics;
  }

  /** For the end of a batch: its texts may hold constants. */
  forget(): void {
    this.#recent.clear();
    this.#ordinal = -1;
  }

  /** The statement of an item whose text is there. */
  read(item: Item): Statement | undefined {
    const { attributes } = item;
    const key = textKeys.keys[attributes.firstOf(textKeys)];
    if (key === undefined) return undefined;
    const statement = this.#read(item, key);
    if (statement !== undefined) attributes.add(statement.encoded);
    return statement;
  }

  #read(item: Item, key: AttributeKey): Statement | undefined {
    const { attributes } = item;
    const syntax = this.#syntaxOf(item);
    const hash = attributes.hash(key, 0);
    const recent = this.#recent.get(hash);
    if (recent !== undefined && recent.syntax === syntax && attributes.equals(key, recent.utf8)) {
      this.#metrics.statement("remembered");
      return recent.statement;
    }
    const text = attributes.getUtf8(key);
    if (text === undefined || text.length === 0) return undefined;
    const { value: statement, known } = this.#correlation.statements.read(text, syntax);
    this.#metrics.statement(known ? "remembered" : "read");
    if (this.#recent.size < mostRecent) this.#recent.set(hash, { utf8: text.slice(), syntax, statement });
    return statement;
  }

  #syntaxOf({ attributes, resource }: Item): SqlSyntax {
    if (attributes.firstOf(systemKeys) >= 0) return this.#correlation.syntaxes.of(attributes, attributes);
    if (this.#syntax === undefined || resource.ordinal !== this.#ordinal) this.#syntax = this.#ofResource(resource);
    return this.#syntax;
  }

  #ofResource({ ordinal, attributes }: Resource): SqlSyntax {
    this.#ordinal = ordinal;
    return this.#correlation.syntaxes.of(attributes, attributes);
  }
}
