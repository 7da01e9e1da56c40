/** The largest source or included file, in bytes. */
export const maxSourceBytes = 4 * 2 ** 20;

/** Values that a configuration may have altogether, aliases and included files counted each time. */
export const maxNodes = 100_000;

/** How deep maps and lists may be nested, and how many files may include one another. */
export const maxDepth = 64;

/** Findings reported for one text that is not YAML: the later ones only follow from the first. */
export const maxSyntaxErrors = 20;

/** Text that a load may read altogether, each reference counted as 1 KiB at least. */
export const maxTextBytes = 32 * 2 ** 20;

/** What one load may still read, over all sources: what stops an alias bomb, and files that include one another. */
export class LoadBudget {
  #nodes = maxNodes;
  #text = maxTextBytes;

  /** True when there was more to read than a load may. */
  get spent(): boolean {
    return this.#nodes < 0 || this.#text < 0;
  }

  /** Counts one value; false when that is too much. */
  takeNode(): boolean {
    this.#nodes -= 1;
    return !this.spent;
  }

  /** Counts a text of so many characters; false when that is too much. */
  takeText(length: number): boolean {
    this.#text -= length + 1024;
    return !this.spent;
  }
}
