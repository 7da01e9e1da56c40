/** The largest source or included file, in bytes. */
export const maxSourceBytes = 4 * 2 ** 20;

/** Values that a configuration may have altogether, aliases and included files counted each time. */
export const maxNodes = 100_000;

/** How deep maps and lists may be nested, and how many files may include one another. */
export const maxDepth = 64;

/** Findings reported for one text that is not YAML: the later ones only follow from the first. */
export const maxSyntaxErrors = 20;

/** Counts the values of one load, over all sources: what stops an alias bomb. */
export class NodeBudget {
  #left = maxNodes;

  /** False when the budget is spent. */
  take(): boolean {
    this.#left -= 1;
    return this.#left >= 0;
  }
}
