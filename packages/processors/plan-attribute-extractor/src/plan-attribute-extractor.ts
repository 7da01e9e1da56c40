import { type AttributeKey, attributeKey, type LogRecord, type Logs } from "@dbintel/pdata";
import type { Component, ConsumeContext, Consumer, Host } from "@dbintel/pipeline";
import type { SqlSyntax } from "@dbintel/sql";
import type { PlanAttributeExtractorConfig } from "./config.ts";
import { ExtractorMetrics } from "./metrics.ts";
import { type PlanPlace, PlanPlaces } from "./plan-place.ts";
import { PlanReader, type PlanResult } from "./plan-reader.ts";
import { Statements } from "./statements.ts";
import { Syntaxes } from "./syntax.ts";

const queryText = attributeKey("db.query.text");
const unreadKey = attributeKey("db.query.plan.unread_reason");

/**
 * Writes into each record what its plan says, in place of the plan's own text, and makes its statements safe. A plan
 * that cannot be read may hold constants: it does not go on, the record does. Drops and holds nothing.
 */
export class PlanAttributeExtractor implements Component, Consumer<"logs"> {
  readonly #next: Consumer<"logs">;
  readonly #config: PlanAttributeExtractorConfig;
  readonly #places: PlanPlaces;
  readonly #plans: PlanReader;
  readonly #statements: Statements;
  readonly #statementKeys: readonly AttributeKey[];
  readonly #fingerprintKey: AttributeKey;
  readonly #syntaxes: Syntaxes;
  readonly #metrics: ExtractorMetrics;

  constructor(args: {
    readonly id: string;
    readonly config: PlanAttributeExtractorConfig;
    readonly host: Host;
    readonly next: Consumer<"logs">;
  }) {
    const { config, host } = args;
    this.#next = args.next;
    this.#config = config;
    this.#places = new PlanPlaces(config.plan_attributes, config.body);
    this.#plans = new PlanReader(config, host.clock);
    this.#statements = new Statements(config.cache_size);
    const { enabled, attributes, fingerprint_attribute: fingerprint } = config.query_anonymization;
    this.#statementKeys = (enabled ? attributes : []).map((name) => attributeKey(name));
    this.#fingerprintKey = attributeKey(fingerprint);
    this.#syntaxes = new Syntaxes({
      ansiQuotes: config.ansi_quotes,
      noBackslashEscapes: config.no_backslash_escapes,
    });
    this.#metrics = new ExtractorMetrics(host, args.id);
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {}

  async stop(_options: { readonly signal: AbortSignal }): Promise<void> {}

  consume(batch: Logs, context: ConsumeContext): Promise<void> {
    this.#plans.begin();
    const record = batch.records();
    while (record.advance()) {
      this.#makeStatementsSafe(record);
      const place = this.#places.find(record);
      if (place !== undefined) this.#tell(record, place);
    }
    return this.#next.consume(batch, context);
  }

  #makeStatementsSafe(record: LogRecord): void {
    const { attributes } = record;
    for (const key of this.#statementKeys) {
      const text = attributes.getString(key);
      if (text === undefined) continue;
      const safe = this.#statements.safe(text, this.#syntaxOf(record));
      this.#metrics.statement();
      if (safe.text !== text) attributes.set(key, safe.text);
      if (!attributes.has(this.#fingerprintKey)) attributes.set(this.#fingerprintKey, safe.fingerprint);
    }
  }

  #tell(record: LogRecord, { utf8, key }: PlanPlace): void {
    const result = this.#read(utf8, this.#syntaxOf(record));
    this.#places.removeOthers(record, key);
    const { attributes } = record;
    if ("reason" in result) {
      replacePlan(record, key, undefined);
      attributes.set(unreadKey, result.reason);
      return;
    }
    replacePlan(record, key, this.#config.plan_output === "anonymized" ? result.tree : undefined);
    for (const [name, value] of result.attributes) attributes.set(name, value);
    if (result.query === undefined) return;
    if (!attributes.has(queryText)) attributes.set(queryText, result.query.text);
    if (!attributes.has(this.#fingerprintKey)) attributes.set(this.#fingerprintKey, result.query.fingerprint);
  }

  #read(utf8: Uint8Array | undefined, syntax: SqlSyntax): PlanResult {
    if (utf8 === undefined) {
      this.#metrics.plan("no_text");
      return { reason: "no_text" };
    }
    const { result, known } = this.#plans.read(utf8, syntax);
    this.#metrics.plan("reason" in result ? result.reason : known ? "remembered" : "read");
    return result;
  }

  #syntaxOf(record: LogRecord): SqlSyntax {
    return this.#syntaxes.of(record.attributes, record.resource.attributes);
  }
}

function replacePlan(record: LogRecord, key: AttributeKey | undefined, tree: string | undefined): void {
  if (key === undefined) record.body = tree ?? null;
  else if (tree === undefined) record.attributes.delete(key);
  else record.attributes.set(key, tree);
}
