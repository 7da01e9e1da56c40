import type { NoPlanReason } from "@dbintel/watching";
import { LRUCache } from "lru-cache";
import type { StatementKey } from "../statements/statement-table.ts";
import { statementName } from "../statements/statement-texts.ts";
import { whyNotExplainable } from "./explainable.ts";

/** A text, and why it cannot be explained; `undefined` when it can. */
export interface PlanText {
  readonly query: string;
  readonly reason: NoPlanReason | undefined;
}

/** Together no longer than this, in characters. */
const mostCharacters = 16 * 2 ** 20;

/**
 * The texts of statements as pg_stat_statements keeps them, for the server alone to see again: it leaves some
 * constants in them. Those not asked for longest go.
 */
export class PlanTexts {
  readonly #texts: LRUCache<string, PlanText>;

  constructor(limit: number) {
    this.#texts = new LRUCache({
      max: limit,
      maxSize: mostCharacters,
      sizeCalculation: ({ query }) => query.length + 1,
    });
  }

  readonly keep = (key: StatementKey, query: string): void => {
    this.#texts.set(statementName(key), { query, reason: whyNotExplainable(query) });
  };

  get(key: StatementKey): PlanText | undefined {
    return this.#texts.get(statementName(key));
  }
}
