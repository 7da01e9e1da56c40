import { LRUCache } from "lru-cache";
import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";

/** Together no longer than this, in characters. */
const mostCharacters = 16 * 2 ** 20;

/**
 * The texts of statements as pg_stat_statements keeps them, for the server alone to see again: it leaves some
 * constants in them. Those not asked for longest go.
 */
export class PlanTexts {
  readonly #texts: LRUCache<string, string>;

  constructor(limit: number) {
    this.#texts = new LRUCache({
      max: limit,
      maxSize: mostCharacters,
      sizeCalculation: (query) => query.length + 1,
    });
  }

  readonly keep = (key: StatementKey, query: string): void => {
    this.#texts.set(statementName(key), query);
  };

  get(key: StatementKey): string | undefined {
    return this.#texts.get(statementName(key));
  }
}
