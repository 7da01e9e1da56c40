import { AsyncLocalStorage } from "node:async_hooks";

/** Takes the time that one statement took in the database. */
export type CostListener = (cost: StatementCost) => void;

export interface StatementCost {
  /** The poll that asked; `undefined` outside of polls. */
  readonly poll: string | undefined;
  /** The class of the statement: the poll's, or one within it. */
  readonly collectorClass: string | undefined;
  readonly milliseconds: number;
}

interface Origin {
  readonly poll: string;
  readonly collectorClass: string;
}

/** Books what statements cost to the poll that asked them, however deep within it they are asked. */
export class StatementCosts {
  readonly #origin = new AsyncLocalStorage<Origin>();
  readonly #listeners = new Set<CostListener>();

  /** The poll that is asking now. */
  get asking(): string | undefined {
    return this.#origin.getStore()?.poll;
  }

  /** What `work` asks belongs to a poll. */
  poll<T>(poll: string, work: () => Promise<T>): Promise<T> {
    return this.#origin.run({ poll, collectorClass: poll }, work);
  }

  /** What `work` asks belongs to a class of statements within the poll that it is part of. */
  within<T>(collectorClass: string, work: () => Promise<T>): Promise<T> {
    const poll = this.#origin.getStore()?.poll ?? collectorClass;
    return this.#origin.run({ poll, collectorClass }, work);
  }

  /** A statement has taken this long. */
  spent(milliseconds: number): void {
    const origin = this.#origin.getStore();
    for (const listener of this.#listeners) {
      listener({ poll: origin?.poll, collectorClass: origin?.collectorClass, milliseconds });
    }
  }

  /** Calls `listener` for each statement from here on. */
  listen(listener: CostListener): void {
    this.#listeners.add(listener);
  }
}
