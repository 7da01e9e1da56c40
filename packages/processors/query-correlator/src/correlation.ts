import type { Clock, Environment, SharedKey } from "@dbintel/pipeline";
import { SystemSyntaxes, TextCache } from "@dbintel/sql";
import { WaitCatalogue, WaitEngine } from "@dbintel/waits";
import type { LRUCache } from "lru-cache";
import type { QueryCorrelatorConfig } from "./config.ts";
import { expiringCache } from "./expiring-cache.ts";
import { ConnectionMemory } from "./sessions/connection-memory.ts";
import { SessionMemory } from "./sessions/session-memory.ts";
import { ByStatement } from "./statements/by-statement.ts";
import { Callers } from "./statements/callers.ts";
import { ServerFacts } from "./statements/server-facts.ts";
import { readStatement, type Statement } from "./statements/statement.ts";
import { TableMemory } from "./tables/table-memory.ts";

/** Servers whose connections are remembered. */
const mostServers = 1000;

/** What one `query_correlator` knows, whichever of the signals told it. */
export class Correlation {
  readonly config: QueryCorrelatorConfig;
  readonly statements: TextCache<Statement>;
  readonly syntaxes: SystemSyntaxes;
  readonly tables: TableMemory;
  readonly server: ByStatement<ServerFacts>;
  readonly callers: ByStatement<Callers>;
  /** Statements by server, database and the id that the server gives them. */
  readonly statementIds: LRUCache<string, Statement>;
  readonly sessions: SessionMemory;
  readonly connections: ConnectionMemory;
  readonly catalogue = new WaitCatalogue();
  /** Samples, what is usual, and what is wrong. */
  readonly waits: WaitEngine;
  readonly #clock: Clock;
  #version = 0;

  constructor(config: QueryCorrelatorConfig, clock: Clock) {
    this.#clock = clock;
    const lifetime = { ttlMs: config.retention, clock };
    this.config = config;
    this.statements = new TextCache({ max: config.cache_size, read: readStatement });
    this.syntaxes = new SystemSyntaxes(config);
    this.tables = new TableMemory({ ...lifetime, max: config.max_tables });
    this.sessions = new SessionMemory({ ...lifetime, max: config.max_sessions });
    this.connections = new ConnectionMemory({ ...lifetime, max: mostServers });
    const bounds = { ...lifetime, max: config.max_statements };
    this.server = new ByStatement(bounds, (place) => new ServerFacts(place));
    this.callers = new ByStatement(bounds, () => new Callers());
    this.statementIds = expiringCache(bounds);
    this.waits = new WaitEngine({
      profiles: { windowSeconds: config.wait_window / 1000, maxQueries: config.max_statements },
      advisor: { objectiveSeconds: config.query_categorization.slow / 1000 },
    });
  }

  /** Another number whenever what is known has changed. */
  get version(): number {
    return this.#version;
  }

  changed(): void {
    this.#version++;
  }

  /**
   * Learns once a window what is usual. By the collector's own clock: what comes late is not usual now, and several
   * servers do not make it learn more often.
   */
  learn(): void {
    this.waits.learn(Number(this.#clock.unixNano() / 1_000_000n));
  }
}

/** The correlations of a collector by the id of their processor, which has an instance in each of its pipelines. */
export class Correlations {
  readonly #clock: Clock;
  readonly #byId = new Map<string, Correlation>();

  constructor({ clock }: Environment) {
    this.#clock = clock;
  }

  of(id: string, config: QueryCorrelatorConfig): Correlation {
    let correlation = this.#byId.get(id);
    if (correlation === undefined) {
      correlation = new Correlation(config, this.#clock);
      this.#byId.set(id, correlation);
    }
    return correlation;
  }
}

export const correlations: SharedKey<Correlations> = {
  name: "query_correlator",
  create: (environment) => new Correlations(environment),
};
