/** How many lines are kept to explain a failure. */
const kept = 20;

/** What the collector logs: warnings and errors are shown, the rest is kept for a while. */
export class LogLines {
  readonly #show: (line: string) => void;
  readonly #recent: string[] = [];

  constructor(show: (line: string) => void) {
    this.#show = show;
  }

  add(line: string): void {
    const { level, text } = readLine(line);
    this.#recent.push(text);
    if (this.#recent.length > kept) this.#recent.shift();
    if (level !== "debug" && level !== "info") this.#show(`  collector ${level}: ${text}`);
  }

  get recent(): string {
    return this.#recent.join("\n");
  }
}

/** A line is JSON with `level`, `msg` and perhaps an `error` that has a hint; anything else is taken as it is. */
function readLine(line: string): { readonly level: string; readonly text: string } {
  try {
    const { level, msg, error } = JSON.parse(line) as {
      level: string;
      msg: string;
      error?: { message?: string; hint?: string };
    };
    const parts = [msg, error?.message, error?.hint].filter((part) => part !== undefined);
    return { level, text: parts.join("; ") };
  } catch {
    return { level: "says", text: line };
  }
}
