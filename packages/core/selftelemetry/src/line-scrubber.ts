import type { TextScrubber } from "@dbintel/pii";
import type { redactSql } from "@dbintel/sql";
import type { Line } from "./console-line.ts";
import { isPlain } from "./plain-text.ts";
import type { Printable } from "./printable.ts";

/** What looks at texts: the code that verifies telemetry. */
interface Tools {
  readonly texts: TextScrubber;
  readonly redactSql: typeof redactSql;
}

/** Lines that wait for the tools to be loaded; what comes beyond them is not written. */
const mostWaiting = 1000;

/**
 * Lets no line out before what is secret or personal has been taken out of it, by the code that verifies telemetry. That
 * code is loaded when the first line comes that needs a look; lines keep their order meanwhile.
 */
export class LineScrubber {
  readonly #encode: (line: Line) => void;
  #tools: Tools | undefined;
  #loading: Promise<void> | undefined;
  #waiting: Line[] = [];
  #dropped = 0;

  constructor(encode: (line: Line) => void) {
    this.#encode = encode;
  }

  put(line: Line): void {
    if (this.#tools !== undefined) this.#encode(isPlain(line) ? line : scrubbed(line, this.#tools));
    else if (this.#loading === undefined && isPlain(line)) this.#encode(line);
    else this.#wait(line);
  }

  /** Resolves when no line waits. */
  async flush(): Promise<void> {
    await this.#loading;
  }

  #wait(line: Line): void {
    if (this.#waiting.length < mostWaiting) this.#waiting.push(line);
    else this.#dropped += 1;
    this.#loading ??= this.#load();
  }

  async #load(): Promise<void> {
    const [{ TextScrubber }, { redactSql }] = await Promise.all([import("@dbintel/pii"), import("@dbintel/sql")]);
    this.#tools = { texts: new TextScrubber(), redactSql };
    const last = this.#waiting.at(-1);
    for (const line of this.#waiting) this.put(line);
    this.#waiting = [];
    if (last === undefined || this.#dropped === 0) return;
    this.put({ ...last, fields: { suppressed: this.#dropped }, message: "more lines came at once and were left out" });
  }
}

function scrubbed(line: Line, tools: Tools): Line {
  const fields = Object.entries(line.fields).map(([key, value]) => [key, scrubbedValue(value, key, tools)]);
  return { ...line, message: tools.texts.scrub(line.message), fields: Object.fromEntries(fields) };
}

/** Names of fields that hold a statement. */
const statement = /(?:^|[._])(?:sql|statement|query)(?:[._]text)?$/i;

function scrubbedValue(value: Printable, key: string, tools: Tools): Printable {
  const { texts } = tools;
  switch (typeof value) {
    case "string":
      return statement.test(key) ? redactedStatement(value, tools) : texts.scrub(value, key);
    case "number": {
      // A share or a mean: its digits would be taken for somebody's number.
      if (!Number.isInteger(value)) return value;
      const text = texts.scrub(String(value), key);
      return text === String(value) ? value : text;
    }
    case "object": {
      if (value === null) return value;
      if (Array.isArray(value)) return value.map((each) => scrubbedValue(each, key, tools));
      const entries = Object.entries(value).map(([name, each]) => [name, scrubbedValue(each, name, tools)]);
      return Object.fromEntries(entries);
    }
    default:
      return value;
  }
}

/** A log does not know the dialect: what either takes for a constant goes, and what follows a statement that neither shows. */
function redactedStatement(text: string, { redactSql: redact, texts }: Tools): string {
  return texts.scrub(redact(redact(text, "postgresql").text, "mysql").text);
}
