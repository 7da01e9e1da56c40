/** How many lines are kept to explain a failure. */
const kept = 20;

/** What the collector logs: warnings and errors are shown, the rest is kept for a while. */
export class LogLines {
  readonly #show: (line: string) => void;
  readonly #recent: string[] = [];

  constructor(show: (line: string) => void) {
    this.#show = show;
  }

  /** A line of the collector begins with time and level; one that does not is shown too. */
  add(line: string): void {
    this.#recent.push(line);
    if (this.#recent.length > kept) this.#recent.shift();
    if (!/^\S+ (DEBUG|INFO) /.test(line)) this.#show(`  collector: ${line}`);
  }

  get recent(): string {
    return this.#recent.join("\n");
  }
}
