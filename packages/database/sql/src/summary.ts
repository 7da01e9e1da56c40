import type { SqlDialect } from "./syntax.ts";
import { type TableName, tableName } from "./table-name.ts";
import type { Token } from "./token.ts";

/** What a statement does, and to which tables. */
export interface SqlSummary {
  /**
   * `db.query.summary` of OpenTelemetry's semantic conventions: operations and their targets in the order and the
   * spelling of the statement, at most 255 characters; several statements begin with `BATCH`.
   */
  readonly summary: string;
  /** The tables read or written, each once, at most 64; no functions, no names from `WITH`. */
  readonly tables: readonly TableName[];
}

const longestSummary = 255;
const mostTables = 64;

/** Summarises a redacted statement. */
export function summarise(tokens: readonly Token[], dialect: SqlDialect): SqlSummary {
  const reader = new SummaryReader(dialect);
  for (const token of tokens) reader.push(token);
  return reader.end();
}

/** What the names after a statement's verb are. */
type Targets = "tables" | "others" | "none";

const verbs: ReadonlyMap<string, Targets> = new Map([
  ...entries("SELECT DELETE VALUES BEGIN START COMMIT END ROLLBACK ABORT SAVEPOINT RELEASE SHOW", "none"),
  ...entries("FETCH MOVE CLOSE DECLARE PREPARE EXPLAIN DESCRIBE DESC REINDEX REFRESH CHECKPOINT DISCARD", "none"),
  ...entries("LISTEN UNLISTEN UNLOCK FLUSH KILL USE DEALLOCATE DROP", "none"),
  ...entries("INSERT REPLACE UPDATE MERGE TABLE TRUNCATE LOCK VACUUM ANALYZE ANALYSE CLUSTER", "tables"),
  ...entries("OPTIMIZE CHECK CHECKSUM REPAIR HANDLER", "tables"),
  ...entries("CALL EXECUTE", "others"),
]);

/** The verbs that can stand after `WITH`, `EXPLAIN`, `PREPARE … AS`, `DECLARE … FOR`. */
const innerVerbs = new Set(["SELECT", "INSERT", "UPDATE", "DELETE", "MERGE", "VALUES", "TABLE", "REPLACE", "EXECUTE"]);

/** Words between a verb and its target. */
const beforeTarget = new Set(
  (
    "INTO ONLY LATERAL TABLE TABLES IF EXISTS LOW_PRIORITY HIGH_PRIORITY DELAYED QUICK IGNORE FULL FREEZE VERBOSE " +
    "ANALYZE CONCURRENTLY LOCAL NO_WRITE_TO_BINLOG EXTENDED"
  ).split(" "),
);

/** Words that end a list of tables. */
const afterTargets = new Set(
  "WHERE GROUP HAVING ORDER LIMIT OFFSET FETCH FOR WINDOW SET VALUES RETURNING UNION INTERSECT EXCEPT".split(" "),
);

function entries(words: string, targets: Targets): [string, Targets][] {
  return words.split(" ").map((word) => [word, targets]);
}

/** One level of brackets. */
interface Frame {
  /** The statement on this level; "" in brackets without one. */
  verb: string;
  /** Which statements may begin here. */
  begins: "any" | "inner" | "none";
  /** Whether a target comes next, or has come so that a comma announces another. */
  place: "none" | "expected" | "read";
  targets: Targets;
  /** Functions may stand among the tables. */
  functions: boolean;
  /** Commas announce further targets. */
  list: boolean;
  /** Brackets before the target hold tables (`FROM (a JOIN b)`), not options (`VACUUM (FULL) t`). */
  brackets: boolean;
  /** The level lists `WITH` queries: whether the name of one comes next. */
  with: "none" | "name" | "body";
}

class SummaryReader {
  readonly #dialect: SqlDialect;
  readonly #parts: string[] = [];
  readonly #tables = new Map<string, TableName>();
  readonly #withNames = new Set<string>();
  #length = 0;
  #statements = 0;
  #frame: Frame = statementFrame();
  #outer: Frame[] = [];
  #name: Token[] = [];
  #previous = "";

  constructor(dialect: SqlDialect) {
    this.#dialect = dialect;
  }

  push(token: Token): void {
    if (this.#extendName(token)) return;
    const previous = this.#previous;
    this.#previous = token.kind === "word" ? token.word : token.text;
    if (token.kind === "symbol") this.#readSymbol(token.text);
    else if (token.kind === "word" && previous !== "." && previous !== "@") this.#readWord(token, previous);
    else if (token.kind === "quoted" && this.#frame.place === "expected") this.#name = [token];
    else if (token.kind === "quoted" && this.#frame.with === "name") this.#readWithName(token);
  }

  end(): SqlSummary {
    this.#endName("");
    const parts = this.#statements > 1 ? ["BATCH", ...this.#parts] : this.#parts;
    let summary = "";
    for (const part of parts) {
      const longer = summary === "" ? part : `${summary} ${part}`;
      if (longer.length > longestSummary) break;
      summary = longer;
    }
    return { summary, tables: [...this.#tables.values()] };
  }

  /** True when the token belongs to the name of a target. */
  #extendName(token: Token): boolean {
    const last = this.#name.at(-1);
    if (last === undefined) return false;
    const dot = token.kind === "symbol" && token.text === ".";
    if (last.kind === "symbol" ? token.kind === "word" || token.kind === "quoted" : dot) {
      this.#name.push(token);
      return true;
    }
    this.#endName(token.text);
    return false;
  }

  #endName(next: string): void {
    const parts = this.#name;
    const frame = this.#frame;
    if (parts.length === 0) return;
    this.#name = [];
    frame.place = "read";
    if (frame.functions && next === "(") return;
    const name = tableName(parts, this.#dialect);
    if (name.schema === undefined && this.#withNames.has(name.name)) return;
    this.#add(parts.map(({ text }) => text).join(""));
    if (frame.targets !== "tables" || this.#tables.size >= mostTables) return;
    this.#tables.set(JSON.stringify([name.schema, name.name]), name);
  }

  #add(part: string): void {
    if (this.#length > longestSummary) return;
    this.#length += part.length + 1;
    this.#parts.push(part);
  }

  #readSymbol(symbol: string): void {
    const frame = this.#frame;
    if (symbol === "(") this.#enter();
    else if (symbol === ")") this.#leave();
    else if (symbol === ";" && this.#outer.length === 0) this.#frame = statementFrame();
    else if (symbol === "," && frame.with === "body") frame.with = "name";
    else if (symbol === "," && frame.place === "read" && frame.list) frame.place = "expected";
    else if (frame.place === "expected") frame.place = "none";
  }

  #enter(): void {
    const frame = this.#frame;
    const inner = statementFrame();
    if (frame.begins !== "any") inner.begins = frame.with === "body" ? "inner" : "none";
    else if (frame.verb === "") {
      if (this.#outer.length === 0) this.#statements++;
      frame.begins = "none";
    }
    if (frame.place === "expected" && frame.brackets) {
      Object.assign(inner, { place: "expected", targets: frame.targets, functions: true, list: true, brackets: true });
      frame.place = "read";
    } else if (frame.place === "expected" && frame.functions) frame.place = "none";
    this.#outer.push(frame);
    this.#frame = inner;
  }

  #leave(): void {
    const outer = this.#outer.pop();
    if (outer !== undefined) this.#frame = outer;
  }

  #readWord(token: Token, previous: string): void {
    const frame = this.#frame;
    const word = this.#previous;
    if (frame.with === "name") {
      if (word !== "RECURSIVE") this.#readWithName(token);
    } else if (this.#begins(word)) this.#begin(token, word);
    else if (word === "WITH" && frame.begins !== "none") {
      frame.with = "name";
      frame.begins = "inner";
    } else if (frame.begins === "any" && frame.verb === "") this.#readUtility(token);
    else if (word === "FROM") {
      if (readsFrom(frame.verb) && previous !== "DISTINCT") this.#expectTables(true);
    } else if (word === "JOIN" || word === "STRAIGHT_JOIN") {
      if ((frame.verb !== "" || frame.targets === "tables") && previous !== "FOR") this.#expectTables(true);
    } else if (word === "USING" && (frame.verb === "MERGE" || frame.verb === "DELETE")) this.#expectTables(false);
    else if (afterTargets.has(word)) this.#endTargets(word);
    else if (frame.place === "expected" && !beforeTarget.has(word)) this.#name = [token];
    else this.#readOtherWord(token, word);
  }

  /** Words that mean something after certain verbs only. */
  #readOtherWord(token: Token, word: string): void {
    const frame = this.#frame;
    const holder = (frame.verb === "PREPARE" && word === "AS") || (frame.verb === "DECLARE" && word === "FOR");
    if (holder) frame.begins = "inner";
    const names = frame.verb === "DROP" || frame.verb === "REFRESH" || frame.verb === "REINDEX";
    if (!names || frame.place !== "none" || frame.targets !== "none") return;
    this.#add(token.text);
    if (word === "MATERIALIZED") return;
    frame.targets = word === "TABLE" ? "tables" : "others";
    frame.place = "expected";
    frame.list = true;
  }

  #begins(word: string): boolean {
    const { begins, with: withList, verb } = this.#frame;
    if (word === "SELECT") return true;
    if (withList === "body") return verb === "" && innerVerbs.has(word);
    if (begins === "any") return verb === "" && verbs.has(word);
    return begins === "inner" && innerVerbs.has(word);
  }

  #begin(token: Token, word: string): void {
    const frame = this.#frame;
    if (this.#outer.length === 0 && frame.verb === "") this.#statements++;
    frame.verb = word;
    frame.with = "none";
    frame.begins = word === "EXPLAIN" || word === "DESCRIBE" || word === "DESC" ? "inner" : "none";
    frame.targets = verbs.get(word) ?? "none";
    frame.place = frame.targets === "none" ? "none" : "expected";
    frame.functions = false;
    frame.brackets = false;
    frame.list = word !== "INSERT" && word !== "REPLACE" && word !== "MERGE" && frame.targets === "tables";
    this.#add(token.text);
  }

  /** Nothing but verb and object class is left of a utility statement. */
  #readUtility(token: Token): void {
    if (this.#frame.targets === "none") this.#statements++;
    this.#frame.targets = "others";
    this.#add(token.text);
  }

  #expectTables(brackets: boolean): void {
    Object.assign(this.#frame, { place: "expected", targets: "tables", functions: true, list: true, brackets });
  }

  #endTargets(word: string): void {
    const frame = this.#frame;
    frame.place = "none";
    frame.list = false;
    if (frame.verb === "DECLARE" && word === "FOR") frame.begins = "inner";
  }

  #readWithName(token: Token): void {
    this.#withNames.add(tableName([token], this.#dialect).name);
    this.#frame.with = "body";
  }
}

/** Elsewhere, as in `extract(year FROM …)`, the word has nothing to do with tables. */
function readsFrom(verb: string): boolean {
  return verb === "SELECT" || verb === "DELETE" || verb === "UPDATE";
}

function statementFrame(): Frame {
  return {
    verb: "",
    begins: "any",
    place: "none",
    targets: "none",
    functions: false,
    list: false,
    brackets: false,
    with: "none",
  };
}
