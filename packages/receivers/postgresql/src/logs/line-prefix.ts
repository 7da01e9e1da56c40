import RE2 from "re2";

/** What the prefix of a line tells, by the letters of `log_line_prefix`. */
export interface PrefixFields {
  readonly time?: string | undefined;
  readonly epoch?: string | undefined;
  readonly pid?: string | undefined;
  readonly session?: string | undefined;
  readonly database?: string | undefined;
  readonly user?: string | undefined;
  readonly state?: string | undefined;
  readonly query?: string | undefined;
}

/** A line of the log: which part of a message it begins, and what the server put before it. */
export interface PrefixedLine {
  readonly fields: PrefixFields;
  /** `ERROR`, `LOG`, `DETAIL`, `STATEMENT` … */
  readonly label: string;
  readonly text: string;
}

/** Patterns of the escapes, PostgreSQL's manual 20.8.3. A name ends where what follows it in the prefix begins. */
const escapes: Readonly<Record<string, string>> = {
  a: "[^\\n]*?",
  u: "(?P<user>[^\\n]*?)",
  d: "(?P<database>[^\\n]*?)",
  r: "[^\\n]*?",
  h: "[^\\n]*?",
  L: "[^\\n]*?",
  b: "[^\\n]*?",
  p: "(?P<pid>\\d+)",
  P: "\\d*",
  t: "(?P<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d [^\\s]{1,20})",
  m: "(?P<time>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{3} [^\\s]{1,20})",
  n: "(?P<epoch>\\d+\\.\\d+)",
  i: "[^\\n]*?",
  e: "(?P<state>[0-9A-Z]{5})",
  c: "(?P<session>[0-9a-f]+\\.[0-9a-f]+)",
  l: "\\d+",
  s: "\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d [^\\s]{1,20}",
  v: "[\\d/]*",
  x: "\\d+",
  Q: "(?P<query>-?\\d+)",
  "%": "%",
};

const severities = "DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC";
const sections = "DETAIL|HINT|QUERY|CONTEXT|LOCATION|BACKTRACE|STATEMENT";

/** Reads lines that begin as `log_line_prefix` says. */
export class LinePrefix {
  readonly #pattern: RE2;

  constructor(prefix: string) {
    this.#pattern = new RE2(`^${patternOf(prefix)}(?P<label>${severities}|${sections}):  (?P<text>[\\s\\S]*)$`);
  }

  /** `undefined` for a line that goes on, and for one that is not the server's. */
  line(text: string): PrefixedLine | undefined {
    const groups = this.#pattern.exec(text)?.groups;
    if (groups === undefined) return undefined;
    return { fields: groups, label: groups.label ?? "", text: groups.text ?? "" };
  }
}

function patternOf(prefix: string): string {
  const seen = new Set<string>();
  let pattern = "";
  let optional = 0;
  for (let at = 0; at < prefix.length; at++) {
    const found = prefix[at] === "%" ? /^%(-?\d*)([a-zA-Z%])/.exec(prefix.slice(at)) : null;
    if (found === null) {
      pattern += literal(prefix[at] ?? "");
      continue;
    }
    const [whole, padding = "", letter = ""] = found;
    at += whole.length - 1;
    // What follows %q is left out by processes that serve no session.
    if (letter === "q") {
      pattern += "(?:";
      optional++;
      continue;
    }
    const known = escapes[letter];
    if (known === undefined) continue;
    const name = /\(\?P<(\w+)>/.exec(known)?.[1];
    const once = name === undefined || !seen.has(name) ? known : known.replace(`?P<${name}>`, "?:");
    if (name !== undefined) seen.add(name);
    pattern += padding === "" ? once : ` *${once} *`;
  }
  return pattern + ")?".repeat(optional);
}

function literal(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/-]/, "\\$&");
}
