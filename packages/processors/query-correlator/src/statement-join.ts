import type { AnyValue } from "@dbintel/pdata";
import type { WaitProfile } from "@dbintel/waits";
import type { Correlation } from "./correlation.ts";
import type { CorrelatorMetrics, JoinedFact } from "./metrics.ts";
import { databaseKey } from "./sessions/waits.ts";
import type { StatementPlace } from "./statements/by-statement.ts";
import type { ServerFacts } from "./statements/server-facts.ts";
import { type Statement, shownName } from "./statements/statement.ts";
import { weightAttributes } from "./statements/weight.ts";
import { healthOf, type TablesHealth } from "./tables/table-health.ts";

type Attributes = Readonly<Record<string, AnyValue | undefined>>;

const nothing: Attributes = {};
const unweighed = { sessions: undefined, category: undefined, performance: undefined };

/** Finds what is known of a statement, and tells it as attributes. */
export class StatementJoin {
  readonly #correlation: Correlation;
  readonly #metrics: CorrelatorMetrics;

  constructor(correlation: Correlation, metrics: CorrelatorMetrics) {
    this.#correlation = correlation;
    this.#metrics = metrics;
  }

  /** How the tables of the statement are. */
  tables(
    statement: Statement,
    { server, database }: Pick<StatementPlace, "server" | "database">,
    atMs: number,
  ): TablesHealth | undefined {
    const { config, tables } = this.#correlation;
    if (!config.tables.enabled || statement.tables.length === 0) return undefined;
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
    return health;
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

  /** What was sampled of the statement. */
  waits(place: StatementPlace, timeMs: number): WaitProfile | undefined {
    const profile = this.#correlation.waits.profiles.profile({
      database: databaseKey(place),
      query: place.fingerprint,
      timeMs,
    });
    this.#metrics.join("waits", profile === undefined ? "unknown" : "linked");
    return profile;
  }

  /** Its load and its plan, as its database told them. */
  server(facts: ServerFacts | undefined, atMs: number): Attributes {
    const load = this.#fresh("load", facts?.load, atMs);
    const plan = this.#fresh("plan", facts?.plan, atMs);
    return {
      ...(load && weightAttributes({ ...unweighed, ...load })),
      "db.query.plan.hash": plan?.hash,
    };
  }

  #fresh<Fact extends { readonly atMs: number }>(name: JoinedFact, fact: Fact | undefined, atMs: number) {
    const isFresh = fact !== undefined && Math.abs(atMs - fact.atMs) <= this.#correlation.config.max_age;
    this.#metrics.join(name, fact === undefined ? "unknown" : isFresh ? "linked" : "stale");
    return isFresh ? fact : undefined;
  }
}
