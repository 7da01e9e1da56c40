import type { AnyValue } from "@dbintel/pdata";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics, JoinOutcome } from "./metrics.ts";
import type { StatementPlace } from "./statements/by-statement.ts";
import type { ServerFacts } from "./statements/server-facts.ts";
import { type Statement, shownName } from "./statements/statement.ts";
import { healthOf } from "./tables/table-health.ts";

type Attributes = Readonly<Record<string, AnyValue | undefined>>;

const nothing: Attributes = {};

/** Finds what is known of a statement, and tells it as attributes. */
export class StatementJoin {
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;

  constructor(correlation: Correlation, metrics: CorrelatorMetrics) {
    this.#correlation = correlation;
    this.#metrics = metrics;
  }

  /** How the tables of the statement are. */
  tables(statement: Statement, { server, database }: StatementPlace, atMs: number): Attributes {
    const { config, tables } = this.#correlation;
    if (!config.tables.enabled || statement.tables.length === 0) return nothing;
    const strict = config.applications.match_server;
    const named = statement.tables.map((name) => {
      const { schema = "", name: table } = name;
      const found = tables.find({ server, database, schema, table }, strict);
      // In MySQL the name before a table's is that of its database.
      return {
        name: shownName(name),
        table:
          found ?? (schema === "" ? undefined : tables.find({ server, database: schema, schema: "", table }, strict)),
      };
    });
    const health = healthOf(named, { atMs, maxAgeMs: config.max_age, config: config.tables });
    this.#metrics.join("tables", health.outcome);
    return health.attributes;
  }

  /** Which services and traces executed it. */
  callers(place: StatementPlace, atMs: number): Attributes {
    const { config, callers } = this.#correlation;
    if (!config.applications.enabled) return nothing;
    const known = callers.find(place, config.applications.match_server);
    const sinceMs = atMs - config.max_age;
    const services = known?.services(sinceMs) ?? [];
    const traces = known?.traces(sinceMs) ?? [];
    const found = services.length > 0 || traces.length > 0;
    this.#metrics.join("callers", found ? "linked" : known === undefined ? "unknown" : "stale");
    return {
      "db.query.client.services": services.length > 0 ? services : undefined,
      "db.query.client.trace_ids": traces.length > 0 ? traces : undefined,
    };
  }

  /** Its load and its plan, as its database told them. */
  server(facts: ServerFacts | undefined, atMs: number): Attributes {
    const { load, plan } = facts ?? {};
    const isFresh = (fact: { readonly atMs: number } | undefined) =>
      fact !== undefined && Math.abs(atMs - fact.atMs) <= this.#correlation.config.max_age;
    this.#metrics.join("load", outcomeOf(load, isFresh));
    this.#metrics.join("plan", outcomeOf(plan, isFresh));
    return {
      ...(isFresh(load) && {
        "db.query.load.share": load?.share,
        "db.query.load.sessions": load?.sessions,
        "db.query.load.category": load?.category,
        "db.query.performance.category": load?.performance,
      }),
      "db.query.plan.hash": isFresh(plan) ? plan?.hash : undefined,
    };
  }
}

function outcomeOf<Fact>(fact: Fact | undefined, isFresh: (fact: Fact) => boolean): JoinOutcome {
  if (fact === undefined) return "unknown";
  return isFresh(fact) ? "linked" : "stale";
}
