import type { AnyValue } from "@dbintel/pdata";
import type { WaitFinding } from "@dbintel/waits";
import type { Correlation } from "./correlation.ts";
import { findingAttributes } from "./findings.ts";
import type { CorrelatorMetrics } from "./metrics.ts";
import type { Deadlock } from "./sessions/deadlock.ts";
import type { Sample } from "./sessions/sample.ts";
import { SampleGroups } from "./sessions/sample-groups.ts";
import { databaseKey, waitAttributes } from "./sessions/waits.ts";
import { StatementJoin } from "./statement-join.ts";
import type { StatementPlace } from "./statements/by-statement.ts";
import type { Load } from "./statements/load.ts";
import type { PlanSeen } from "./statements/plan.ts";
import type { ServerFacts } from "./statements/server-facts.ts";
import type { Statement } from "./statements/statement.ts";
import { type Weight, weightAttributes, weightOf } from "./statements/weight.ts";
import type { TablesHealth } from "./tables/table-health.ts";

export type Told = Readonly<Record<string, AnyValue | undefined>>;

/** A record about a statement of a database: its counters, a sample of a session, or an event about its plan. */
export interface ServerEvent {
  /** Its position in the batch. */
  readonly place: number;
  /** The fingerprint is "" where the statement is not known. */
  readonly at: StatementPlace;
  readonly atMs: number;
  readonly statement: Statement | undefined;
  readonly plan: PlanSeen | undefined;
  readonly load: Load | undefined;
  readonly sample: Sample | undefined;
  readonly deadlock: Deadlock | undefined;
  /** The trace of the one execution that it is about. */
  readonly traceId: string | undefined;
}

/** Joins the events of one batch with each other and with what is known. */
export class ServerEvents {
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;
  readonly #join: StatementJoin;

  constructor(correlation: Correlation, metrics: CorrelatorMetrics) {
    this.#correlation = correlation;
    this.#metrics = metrics;
    this.#join = new StatementJoin(correlation, metrics);
  }

  /** What each of the events is to be told. */
  tell(events: readonly ServerEvent[]): readonly Told[] {
    const totals = totalsOf(events);
    const groups = new SampleGroups(this.#correlation, this.#metrics, events);
    const deadlocks = this.#deadlocks(events);
    const told = events.map((event) => {
      const weight = this.#weigh(event, totals);
      return {
        ...groups.tell(event),
        ...(weight && weightAttributes(weight)),
        ...(isOneStatement(event) && this.#tellOf(event, weight)),
        ...deadlocks.get(event),
      };
    });
    this.#correlation.changed();
    return told;
  }

  /** Of the deadlocks that a batch tells, the first record of each database is told what they come to. */
  #deadlocks(events: readonly ServerEvent[]): ReadonlyMap<ServerEvent, Told> {
    const { waits } = this.#correlation;
    const first = new Map<string, ServerEvent>();
    for (const event of events) {
      const { deadlock, at, atMs } = event;
      if (deadlock === undefined) continue;
      const database = databaseKey(at);
      waits.deadlock({
        database,
        timeMs: atMs,
        ...deadlock,
        query: at.fingerprint === "" ? undefined : at.fingerprint,
      });
      if (!first.has(database)) first.set(database, event);
    }
    return new Map(
      [...first].map(([database, event]) => {
        const found = waits.findings({ database, nowMs: event.atMs }).filter(({ code }) => code === "deadlocks");
        this.#metrics.found(found);
        return [event, findingAttributes(found)];
      }),
    );
  }

  #weigh({ load }: ServerEvent, totals: ReadonlyMap<string, number>): Weight | undefined {
    if (load === undefined) return undefined;
    const weight = weightOf(load, totals.get(load.group) ?? 0, this.#correlation.config.query_categorization);
    if (weight.share !== undefined) this.#metrics.share();
    return weight;
  }

  #tellOf(event: ServerEvent, weight: Weight | undefined): Told {
    const { at, atMs, statement } = event;
    const facts = this.#remember(event, weight);
    const health = statement && this.#join.tables(statement, at, atMs);
    const findings = event.load === undefined ? [] : this.#advise(event, { load: event.load, facts, health, weight });
    this.#metrics.found(findings);
    const name = { database: databaseKey(at), query: at.fingerprint };
    return {
      ...health?.attributes,
      ...this.#join.callers(at, atMs),
      ...waitAttributes(this.#join.waits(at, atMs)),
      "db.query.wait.trend": event.load && this.#correlation.waits.trend({ ...name, nowMs: atMs })?.trend,
      "db.query.sli.impacting": findings.some(({ code }) => code === "slow_by_waits") ? true : undefined,
      ...findingAttributes(findings),
    };
  }

  #remember({ at, atMs, plan, traceId }: ServerEvent, weight: Weight | undefined): ServerFacts {
    const { server, callers, config } = this.#correlation;
    const facts = server.at(at);
    if (plan !== undefined) facts.planned(plan, atMs);
    if (weight?.share !== undefined) facts.load = { ...weight, share: weight.share, atMs };
    const { enabled, max_traces: most } = config.applications;
    if (enabled && traceId !== undefined) callers.at(at).trace(traceId, atMs, most);
    return facts;
  }

  /** What is wrong with the statement, by its counters, its plan and its samples. */
  #advise(
    { at, atMs }: ServerEvent,
    known: {
      readonly load: Load;
      readonly facts: ServerFacts;
      readonly health: TablesHealth | undefined;
      readonly weight: Weight | undefined;
    },
  ): readonly WaitFinding[] {
    const { load, facts, health, weight } = known;
    const { plan } = facts;
    const { counters } = load;
    // A plan that scans says little of a small table, and nothing of which table it is when others are scanned as well.
    const scans = plan?.scans === true && (health?.scannedWithoutIndex ?? 0) > 0;
    const { waits } = this.#correlation;
    const name = { database: databaseKey(at), query: at.fingerprint };
    waits.statement({
      ...name,
      timeMs: atMs,
      counters: {
        ...counters,
        loadShare: weight?.share,
        averageSessions: weight?.sessions,
        // MySQL counts it; of PostgreSQL the plan tells.
        noIndexCalls: counters.noIndexCalls ?? (scans ? counters.calls : undefined),
      },
    });
    if (plan?.before !== undefined) {
      const { hash, untilMs } = plan.before;
      waits.planChange({ ...name, timeMs: untilMs, change: { before: hash, after: plan.hash } });
    }
    return waits.findings({ ...name, nowMs: atMs });
  }
}

/** The row of all other statements is about none of them. */
function isOneStatement({ at, load }: ServerEvent): boolean {
  return at.fingerprint !== "" && load?.other !== true;
}

function totalsOf(events: readonly ServerEvent[]): ReadonlyMap<string, number> {
  const totals = new Map<string, number>();
  for (const { load } of events) {
    if (load !== undefined) totals.set(load.group, (totals.get(load.group) ?? 0) + load.counters.seconds);
  }
  return totals;
}
