import {
  type AttributeKey,
  type AttributeKeys,
  attributeKey,
  attributeKeys,
  type LogRecord,
  type Logs,
} from "@dbintel/pdata";
import {
  type Clock,
  type Component,
  type ConsumeContext,
  type Consumer,
  type Host,
  OwnEvents,
  Snapshot,
} from "@dbintel/pipeline";
import { type SqlSyntax, SystemSyntaxes, TextCache } from "@dbintel/sql";
import { WaitCatalogue } from "@dbintel/waits";
import type { PlanAttributeExtractorConfig } from "./config.ts";
import { ExtractorMetrics } from "./metrics.ts";
import { type PlanPlace, PlanPlaces } from "./plan-place.ts";
import { PlanReader, type PlanResult, type ReadPlan } from "./plan-reader.ts";
import { callsKeys, executionsOf } from "./regression/observation.ts";
import { RegressionWatch } from "./regression/regression-watch.ts";
import { sampleOf, stateKeys } from "./regression/session-sample.ts";
import { statementOf } from "./regression/statement.ts";
import { readSafely, type SafeStatement } from "./safe-statement.ts";

const queryText = attributeKey("db.query.text");
const unreadKey = attributeKey("db.query.plan.unread_reason");

const saveEveryMs = 3_600_000;

/**
 * Writes into each record what its plan says, in place of the plan's own text, and makes its statements safe. A plan
 * that cannot be read may hold constants: it does not go on, the record does. Sends events about statements that get
 * another plan or become slower. Drops and holds nothing that came in.
 */
export class PlanAttributeExtractor implements Component, Consumer<"logs"> {
  readonly #next: Consumer<"logs">;
  readonly #places: PlanPlaces;
  readonly #plans: PlanReader;
  readonly #statements: TextCache<SafeStatement>;
  readonly #statementKeys: AttributeKeys;
  /** A record that has none of these and no plan in its body passes as it is. */
  readonly #concerned: AttributeKeys;
  readonly #fingerprintKey: AttributeKey;
  readonly #syntaxes: SystemSyntaxes;
  readonly #metrics: ExtractorMetrics;
  readonly #events: OwnEvents;
  readonly #waits = new WaitCatalogue();
  readonly #watch: RegressionWatch | undefined;
  readonly #snapshot: Snapshot | undefined;
  readonly #clock: Clock;
  #savedAtMs = 0;
  #saving: Promise<void> = Promise.resolve();
  #running = false;

  constructor(args: {
    readonly id: string;
    readonly config: PlanAttributeExtractorConfig;
    readonly host: Host;
    readonly next: Consumer<"logs">;
  }) {
    const { config, host } = args;
    this.#next = args.next;
    this.#clock = host.clock;
    this.#places = new PlanPlaces(config.plan_attributes, config.body);
    this.#plans = new PlanReader(config, host.clock);
    this.#statements = new TextCache({ max: config.cache_size, read: readSafely });
    const { enabled, attributes, fingerprint_attribute: fingerprint } = config.query_anonymization;
    const statements = enabled ? attributes : [];
    this.#statementKeys = attributeKeys(statements);
    const watched = [...callsKeys.keys, ...stateKeys.keys].map(({ name }) => name);
    this.#concerned = attributeKeys([...statements, ...config.plan_attributes, ...watched]);
    this.#fingerprintKey = attributeKey(fingerprint);
    this.#syntaxes = new SystemSyntaxes(config);
    this.#metrics = new ExtractorMetrics(host, args.id);
    this.#events = new OwnEvents({ host, next: args.next });
    if (!config.regression.enabled) return;
    const watch = new RegressionWatch({
      config: config.regression,
      maxPlans: config.cache_size,
      host,
      metrics: this.#metrics,
      send: (event) => this.#events.send(event),
      windowEnded: () => this.#saveNowAndThen(),
    });
    this.#watch = watch;
    this.#snapshot = new Snapshot({
      host,
      name: "regressions",
      loss: "what is usual for each statement is learnt anew",
      take: () => watch.snapshot(),
      restore: (snapshot) => watch.restore(snapshot),
    });
  }

  async start(_options: { readonly signal: AbortSignal }): Promise<void> {
    if (this.#running) return;
    this.#running = true;
    await this.#snapshot?.load();
    this.#savedAtMs = this.#clock.monotonicMs();
    this.#watch?.start();
  }

  async stop({ signal }: { readonly signal: AbortSignal }): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    this.#watch?.stop();
    await this.#events.finish(signal);
    await this.#saving;
    await this.#snapshot?.save();
  }

  consume(batch: Logs, context: ConsumeContext): Promise<void> {
    this.#plans.begin();
    const record = batch.records();
    while (record.advance()) {
      if (record.attributes.firstOf(this.#concerned) < 0 && !this.#places.isInBody(record)) continue;
      const statement = this.#makeStatementsSafe(record);
      const place = this.#places.find(record);
      const plan = place === undefined ? undefined : this.#tell(record, place);
      if (this.#watch !== undefined) this.#follow(this.#watch, record, statement ?? plan?.query, plan);
    }
    return this.#next.consume(batch, context);
  }

  /** A crash loses no more than an hour of what was learnt. */
  #saveNowAndThen(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#savedAtMs < saveEveryMs) return;
    this.#savedAtMs = nowMs;
    this.#saving = this.#saving.then(() => this.#snapshot?.save());
  }

  /** The first of the record's statements, made safe as all of them. */
  #makeStatementsSafe(record: LogRecord): SafeStatement | undefined {
    const { attributes } = record;
    if (attributes.firstOf(this.#statementKeys) < 0) return undefined;
    let first: SafeStatement | undefined;
    for (const key of this.#statementKeys.keys) {
      const text = attributes.getString(key);
      if (text === undefined) continue;
      const { value: safe } = this.#statements.read(text, this.#syntaxOf(record));
      this.#metrics.statement();
      if (safe.text !== text) attributes.set(key, safe.text);
      first ??= safe;
    }
    if (first !== undefined && !attributes.has(this.#fingerprintKey)) {
      attributes.set(this.#fingerprintKey, first.fingerprint);
    }
    return first;
  }

  /** Writes what the plan says; answers with the plan when it could be read. */
  #tell(record: LogRecord, { utf8, key }: PlanPlace): ReadPlan | undefined {
    const result = this.#read(utf8, this.#syntaxOf(record));
    this.#places.removeOthers(record, key);
    const { attributes } = record;
    if ("reason" in result) {
      replacePlan(record, key, undefined);
      attributes.set(unreadKey, result.reason);
      return undefined;
    }
    replacePlan(record, key, result.output);
    for (const [name, value] of result.attributes) attributes.set(name, value);
    if (result.query === undefined) return result;
    if (!attributes.has(queryText)) attributes.set(queryText, result.query.text);
    if (!attributes.has(this.#fingerprintKey)) attributes.set(this.#fingerprintKey, result.query.fingerprint);
    return result;
  }

  /** Notes how a statement was executed, where the record tells: by what its text says, or else a fingerprint it has. */
  #follow(
    watch: RegressionWatch,
    record: LogRecord,
    said: SafeStatement | undefined,
    plan: ReadPlan | undefined,
  ): void {
    const executions = executionsOf(record);
    const sample = executions === undefined ? sampleOf(record, this.#waits) : undefined;
    if (executions === undefined && plan === undefined && sample === undefined) return;
    const fingerprint = said?.fingerprint ?? record.attributes.getString(this.#fingerprintKey);
    if (fingerprint === undefined) return;
    const statement = statementOf(record, fingerprint, said?.text ?? "");
    if (plan !== undefined) watch.planned(statement, plan);
    if (executions !== undefined) watch.executed(statement, executions);
    if (sample !== undefined) watch.sampled(statement, sample);
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
