/** What one look makes of the things that it saw. */
export interface Telling<Thing> {
  /** Those to be told now. */
  readonly fresh: readonly Thing[];
  /** What to remember once they have been taken. */
  readonly told: ReadonlySet<string>;
}

/**
 * Tells each thing once as long as it lasts, such as a statement that runs for long: not at each look. What is not there
 * any more is forgotten, so no more is remembered than was seen at the last look.
 */
export class ToldOnce<Thing> {
  readonly #identityOf: (thing: Thing) => string;
  #told: ReadonlySet<string> = new Set();

  constructor(identityOf: (thing: Thing) => string) {
    this.#identityOf = identityOf;
  }

  look(things: Iterable<Thing>): Telling<Thing> {
    const fresh: Thing[] = [];
    const told = new Set<string>();
    for (const thing of things) {
      const identity = this.#identityOf(thing);
      if (!this.#told.has(identity) && !told.has(identity)) fresh.push(thing);
      told.add(identity);
    }
    return { fresh, told };
  }

  /** From here on these count as told. */
  recall(told: ReadonlySet<string>): void {
    this.#told = told;
  }
}
