import { nodesOf, type Plan } from "@dbintel/plans";
import { LRUCache } from "lru-cache";
import type { Statement } from "./statement.ts";

/** What is known of one statement. */
interface Known {
  readonly statement: Statement;
  /** The hash of the plan that was seen last. */
  readonly plan: string | undefined;
  /** Whether a receiver counts its executions. */
  readonly counted: boolean;
}

/** What is remembered, as plain values for JSON. */
export interface StoredHistory {
  readonly statements: readonly (readonly [key: string, known: Known])[];
  readonly plans: readonly (readonly [hash: string, plan: Plan])[];
}

/** Plans together have no more operations than this, whatever their number: about 100 MB. */
const mostNodes = 100_000;

/** Statements by key and plans by hash: what an event about them needs. Those not seen for longest go. */
export class History {
  readonly #statements: LRUCache<string, Known>;
  readonly #plans: LRUCache<string, Plan>;

  constructor(maxStatements: number, maxPlans: number) {
    this.#statements = new LRUCache({ max: maxStatements });
    this.#plans = new LRUCache({
      max: maxPlans,
      maxSize: mostNodes,
      sizeCalculation: ({ root }) => [...nodesOf(root)].length,
    });
  }

  /** Plans that are remembered. */
  get plans(): number {
    return this.#plans.size;
  }

  get(key: string): Known | undefined {
    return this.#statements.get(key);
  }

  plan(hash: string): Plan | undefined {
    return this.#plans.get(hash);
  }

  counted(statement: Statement): Known {
    return this.#remember(statement, { counted: true });
  }

  planned(statement: Statement, hash: string, plan: Plan): Known {
    if (this.#plans.get(hash) === undefined) this.#plans.set(hash, plan);
    return this.#remember(statement, { plan: hash });
  }

  get stored(): StoredHistory {
    return { statements: [...this.#statements.entries()], plans: [...this.#plans.entries()] };
  }

  restore({ statements, plans }: StoredHistory): void {
    // Caches list the latest first; the latest has to be set last.
    for (const [key, known] of statements.toReversed()) this.#statements.set(key, known);
    for (const [hash, plan] of plans.toReversed()) this.#plans.set(hash, plan);
  }

  #remember(statement: Statement, news: Partial<Known>): Known {
    const before = this.#statements.get(statement.key);
    const told = before !== undefined && statement.text === "" ? before.statement : statement;
    const known = { plan: before?.plan, counted: before?.counted ?? false, ...news, statement: told };
    this.#statements.set(statement.key, known);
    return known;
  }
}
