import { feedback } from "@dbintel/feedback";
import type { Host } from "@dbintel/pipeline";
import { fingerprintSql, redactSql } from "@dbintel/sql";
import { LRUCache } from "lru-cache";
import type { Capabilities } from "../../connection/capabilities.ts";
import type { DatabaseConnection, Product } from "../../connection/connection.ts";
import type { ProblemContext } from "../../connection/problems.ts";
import { askPart, type PollQuestions } from "../poll-part.ts";
import { timeIndex } from "../statement-columns.ts";
import { beginningAt, type StatementInterval } from "../statement-interval.ts";
import { boundedText } from "../statement-texts.ts";
import type { OtherStatements } from "../top-statements.ts";
import { emptyBaseline, type PreparedBaseline, type PreparedDelta, preparedDeltas } from "./prepared-deltas.ts";
import { PreparedMemory } from "./prepared-memory.ts";
import { type PreparedText, preparedTexts, readPrepared } from "./prepared-source.ts";

/** What sessions have prepared with one text in one schema. */
export interface PreparedStatement {
  readonly schema: string | null;
  /** Redacted. */
  readonly text: string;
  readonly fingerprint: string;
  /** How many sessions have it prepared, of those that executed it. */
  readonly open: number;
  readonly reprepares: bigint;
  readonly values: readonly bigint[];
}

/** What was executed by the protocol of prepared statements since the reading before. */
export interface PollPrepared {
  readonly startMicros: bigint;
  /** The greatest execution time first. */
  readonly top: readonly PreparedStatement[];
  readonly others: readonly OtherStatements[];
  /** Of statements that were closed before they could be read. */
  readonly rest: readonly bigint[];
  readonly baseline: PreparedBaseline;
}

/** What is kept of a text: nothing that a user typed as a value. */
type KnownText = Pick<PreparedStatement, "schema" | "text" | "fingerprint">;

const preparedClass = "prepared_statements";
const mostTexts = 20_000;
const mostCharacters = 16 * 2 ** 20;

/**
 * What MariaDB, and MySQL before version 9, execute by the protocol of prepared statements has no digest and is missing in the
 * summary of statements. Later MySQL counts these executions there like any other (as `EXECUTE …`), so nothing is to be added.
 * Where the consumer events_statements_current is off MariaDB counts them in one sum only.
 */
export class PreparedStatements {
  readonly #host: Host;
  readonly #context: ProblemContext;
  readonly #limit: number;
  readonly #reportsSchema: (schema: string | null) => boolean;
  readonly #texts = new LRUCache<string, KnownText>({
    ...{ max: mostTexts, maxSize: mostCharacters, sizeCalculation: ({ text }) => text.length + 256 },
  });
  /** What was committed, kept over a restart. */
  readonly memory = new PreparedMemory();

  constructor(options: {
    readonly host: Host;
    readonly context: ProblemContext;
    readonly limit: number;
    readonly reportsSchema: (schema: string | null) => boolean;
  }) {
    this.#host = options.host;
    this.#context = options.context;
    this.#limit = options.limit;
    this.#reportsSchema = options.reportsSchema;
  }

  /** `undefined` where everything is in the summary, or the server is left alone. Nothing is remembered before `commit`. */
  async read(args: StatementInterval & PollQuestions): Promise<PollPrepared | undefined> {
    if (areInSummary(args.reading.capabilities)) return undefined;
    const work = () => this.#ask(args);
    return await askPart({ questions: args, context: this.#context, collectorClass: preparedClass, work });
  }

  commit({ baseline }: PollPrepared): void {
    this.memory.last = baseline;
  }

  async #ask(args: StatementInterval & PollQuestions): Promise<PollPrepared> {
    const { reading, continuity, life, previousMicros, connection, signal } = args;
    const { counters } = reading.table;
    const { last } = this.memory;
    const known = last?.life === life ? last : undefined;
    const before = continuity === "restarted" ? emptyBaseline(life, previousMicros) : known;
    const micros = reading.epoch.clockMicros;
    const read = await readPrepared(connection, counters, signal);
    const { changed, rest, baseline } = preparedDeltas({ counters, reading: read, before, life, micros });
    const sorted = longestFirst(changed);
    await this.#fetchTexts(sorted, { connection, product: reading.capabilities.product, signal });
    const limit = Math.ceil(this.#limit * this.#host.shared(feedback).savings.topQueryFactor);
    const statements = this.#merged(sorted).filter(({ schema }) => this.#reportsSchema(schema));
    const top = statements.filter(({ text }) => text !== "").slice(0, limit);
    return {
      ...{ startMicros: beginningAt(args, before?.micros ?? micros), baseline, top },
      others: summed(statements.filter((each) => !top.includes(each))),
      rest: this.#reportsSchema(null) ? rest : rest.map(() => 0n),
    };
  }

  async #fetchTexts(
    changed: readonly PreparedDelta[],
    args: { readonly connection: DatabaseConnection; readonly product: Product; readonly signal: AbortSignal },
  ): Promise<void> {
    const { connection, product, signal } = args;
    const missing = changed.map(({ instance }) => instance).filter(({ name }) => !this.#texts.has(name));
    for (const [name, of] of await preparedTexts(connection, missing, signal))
      this.#texts.set(name, textOf(of, product));
  }

  /** One for each text and schema, as they come. */
  #merged(changed: readonly PreparedDelta[]): readonly PreparedStatement[] {
    const merged = new Map<string, PreparedStatement>();
    for (const { instance, reprepares, values } of changed) {
      const of = this.#texts.get(instance.name) ?? { schema: null, text: "", fingerprint: "" };
      const name = `${of.fingerprint}\0${of.schema ?? "\0"}`;
      const { open, ...sum } = merged.get(name) ?? { ...of, open: 0, reprepares: 0n, values: values.map(() => 0n) };
      merged.set(name, {
        ...{ ...sum, open: open + 1, reprepares: sum.reprepares + reprepares },
        values: sum.values.map((value, index) => value + (values[index] ?? 0n)),
      });
    }
    return longestFirst([...merged.values()]);
  }
}

/** Read of MySQL 5.7.42, 8.0.46 and 8.4.10, which have none of them there, and of 9.7.4, which has all. */
function areInSummary({ product, version }: Capabilities): boolean {
  return product === "mysql" && Number.parseInt(version, 10) >= 9;
}

function textOf({ schema, text: stored }: PreparedText, product: Product): KnownText {
  return { schema, text: boundedText(redactSql(stored, product).text), fingerprint: fingerprintSql(stored, product) };
}

interface Counted {
  readonly values: readonly bigint[];
}

function longestFirst<T extends Counted>(counted: readonly T[]): readonly T[] {
  const time = ({ values }: Counted) => values[timeIndex] ?? 0n;
  return counted.toSorted((a, b) => (time(a) < time(b) ? 1 : time(a) > time(b) ? -1 : 0));
}

/** By schema. */
function summed(statements: readonly PreparedStatement[]): readonly OtherStatements[] {
  const sums = new Map<string | null, OtherStatements>();
  for (const { schema, values } of statements) {
    const { statements: count, values: sum } = sums.get(schema) ?? { statements: 0, values: [] };
    sums.set(schema, {
      schema,
      statements: count + 1,
      values: values.map((value, index) => value + (sum[index] ?? 0n)),
    });
  }
  return [...sums.values()];
}
