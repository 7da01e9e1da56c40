import { instanceConfig, listingOf } from "@dbintel/instances";
import type { Signal } from "@dbintel/pdata";
import type { Consumer, Host, Subject } from "@dbintel/pipeline";
import { PollTrial, reachability, trialFindings } from "@dbintel/watching";
import { type PostgresqlConfig, postgresqlInstance } from "../config.ts";
import type { Capabilities } from "../connection/capabilities.ts";
import { DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem, identifier, watchedDatabase } from "../connection/problems.ts";
import { parts } from "../parts.ts";
import { watchedServer } from "../server.ts";
import { topQueryEvent } from "../statements/top-query-events.ts";
import type { WatchedServer } from "../watched-server.ts";
import type { PostgresqlCheck } from "./checks.ts";
import { isSocket, loginFailure, sessionChecks } from "./connection-checks.ts";
import { extensionChecks, extensionMissing, installedIn, preloadCheck } from "./extension-checks.ts";
import { type ServerFacts, serverFacts } from "./facts.ts";
import { grantChecks } from "./grant-checks.ts";
import { logCheck } from "./log-checks.ts";
import { openDatabases, planChecks } from "./plan-checks.ts";
import { repairedWhere } from "./repairs.ts";
import { settingChecks, statementSettingChecks, trackingChecks } from "./setting-checks.ts";

/** The extension is looked for in at most so many databases. */
const mostDatabases = 100;

/** The servers that these settings watch. */
export async function subjects(args: {
  readonly config: PostgresqlConfig;
  readonly signals: readonly Signal[];
}): Promise<readonly Subject[]> {
  const listed = await listingOf(args.config, postgresqlInstance).list();
  return listed.slice(0, args.config.max_instances).map(({ entry }): Subject => {
    const config = instanceConfig(args.config, entry);
    const { signals } = args;
    return { name: config.endpoint, examine: (how) => new Examination({ config, ...how, signals }).run() };
  });
}

/** What nobody takes: the polls of an examination bring it to nowhere. */
const nowhere: Consumer = { consume: async () => {} };

interface ExaminationArgs {
  readonly config: PostgresqlConfig;
  readonly signals: readonly Signal[];
  readonly host: Host;
  readonly signal: AbortSignal;
}

/** What was found out about the server before the checks of its settings and grants. */
interface Known {
  readonly server: WatchedServer;
  readonly capabilities: Capabilities;
  readonly facts: ServerFacts;
}

/** Examines one server, over the sessions that the receiver would have. */
class Examination {
  readonly #args: ExaminationArgs;
  readonly #trial = new PollTrial();

  constructor(args: ExaminationArgs) {
    this.#args = args;
  }

  async *run(): AsyncGenerator<PostgresqlCheck> {
    const { config, host } = this.#args;
    const next = Object.fromEntries(this.#args.signals.map((signal) => [signal, nowhere]));
    const server = watchedServer({ config, host, next, watch: this.#trial });
    const { settings } = server;
    const path = `${settings.host}/.s.PGSQL.${settings.port}`;
    const reached = await reachability(isSocket(settings) ? { path } : settings, this.#args);
    yield { code: "PG-CONN-001", ...reached };
    if (reached.status === "fail") return;
    try {
      yield* this.#server(server);
    } finally {
      await this.#trial.close();
    }
  }

  async *#server(server: WatchedServer): AsyncGenerator<PostgresqlCheck> {
    const { host, signal, config } = this.#args;
    const { connection } = server.views;
    let known: Known;
    let asked: { readonly before: bigint; readonly after: bigint };
    try {
      const capabilities = await server.views.capabilities(signal);
      const before = host.clock.unixNano() / 1000n;
      const facts = await serverFacts(connection, capabilities.versionNumber, signal);
      asked = { before, after: host.clock.unixNano() / 1000n };
      known = { server, capabilities, facts };
    } catch (error) {
      signal.throwIfAborted();
      yield loginFailure(databaseProblem(error, server.context), server.context);
      return;
    }
    yield* sessionChecks(known.facts, { config, settings: server.settings, asked });
    yield* this.#identity(known);
    for await (const check of this.#repairable(known)) yield repairedWhere(check, known.capabilities);
    yield* this.#costs(server);
  }

  /** Settings, extensions and grants. */
  async *#repairable(known: Known): AsyncGenerator<PostgresqlCheck> {
    const { server, facts, capabilities } = known;
    yield* this.#statements(known);
    yield* settingChecks(facts, capabilities.platform);
    yield* trackingChecks(facts, capabilities.platform);
    yield* grantChecks(facts, server.context);
    yield* this.#plans(known);
    yield logCheck(facts, this.#args.config);
  }

  *#identity({ capabilities }: Known): Generator<PostgresqlCheck> {
    const { version, platform, standby } = capabilities;
    yield { code: "PG-SERVER-001", status: "ok", message: `PostgreSQL ${version}` };
    yield { code: "PG-SERVER-002", status: "ok", message: platform };
    const message = standby ? "a standby: what is granted or made comes from its primary" : "a primary";
    yield { code: "PG-SERVER-003", status: "ok", message };
  }

  get #wantsStatements(): boolean {
    return this.#args.signals.includes("logs") && this.#args.config.events[topQueryEvent].enabled;
  }

  async *#statements({ server, capabilities, facts }: Known): AsyncGenerator<PostgresqlCheck> {
    const { signal } = this.#args;
    const { platform } = capabilities;
    const codes = ["PG-EXT-001", "PG-EXT-002", "PG-EXT-003", "PG-SET-004", "PG-SET-005"] as const;
    if (!this.#wantsStatements) {
      yield* codes.map((code) => ({ code, status: "skipped", message: "top queries are not collected" }) as const);
      return;
    }
    yield preloadCheck(facts, platform);
    const { connection } = server.views;
    const here = await installedIn(connection, signal);
    const { username } = server.context;
    if (here !== undefined) {
      yield* extensionChecks({ connection, installed: here, facts, platform, username, signal });
    } else {
      yield* this.#statementsElsewhere({ server, capabilities, facts });
    }
    yield* statementSettingChecks(facts, platform);
  }

  async *#statementsElsewhere({ server, capabilities, facts }: Known): AsyncGenerator<PostgresqlCheck> {
    const { signal } = this.#args;
    const { username, database: connectDatabase } = server.context;
    const databases = await openDatabases(server.views.connection, () => true, signal);
    for (const database of databases.slice(0, mostDatabases)) {
      const connection = new DatabaseConnection(server.settings, database);
      try {
        const installed = await installedIn(connection, signal);
        if (installed === undefined) continue;
        const { platform } = capabilities;
        yield* extensionChecks({ connection, installed, facts, platform, username, signal });
        return;
      } catch (error) {
        signal.throwIfAborted();
        const { message } = databaseProblem(error, { ...server.context, database });
        yield { code: "PG-EXT-002", status: "skipped", message: `database ${identifier(database)}: ${message}` };
      } finally {
        await connection.close();
      }
    }
    yield extensionMissing(connectDatabase);
  }

  async *#plans({ server, capabilities, facts }: Known): AsyncGenerator<PostgresqlCheck> {
    const { signal, config } = this.#args;
    if (!this.#wantsStatements || config.top_query_collection.max_explain_each_interval === 0) {
      yield { code: "PG-GRANT-003", status: "skipped", message: "plans are not collected" };
      return;
    }
    yield* planChecks({
      ...{ facts, platform: capabilities.platform, username: server.context.username, signal },
      databases: await openDatabases(server.views.connection, server.reportsDatabase, signal),
      enter: (database) => new DatabaseConnection(server.settings, database),
    });
  }

  /** Each part asked once, as the receiver would. */
  async *#costs(server: WatchedServer): AsyncGenerator<PostgresqlCheck> {
    const { host, signal, config } = this.#args;
    for (const part of parts) part(server);
    const watched = watchedDatabase(server.context);
    const trial = this.#trial.run({ host, watched, timeoutMs: config.statement_timeout, signal });
    const { max_database_share: mostShare } = config.budget;
    for await (const found of trialFindings(trial, mostShare)) yield { code: "PG-COST-001", ...found };
  }
}
