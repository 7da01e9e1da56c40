import { DbintelError } from "@dbintel/errors";
import type { Host } from "@dbintel/pipeline";
import type { PollResult } from "@dbintel/polling";
import { text } from "@dbintel/watching";
import type { KnownServer } from "../connection/capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "../connection/connection.ts";
import { databaseProblem, isAnswer, type ProblemContext } from "../connection/problems.ts";
import { type Wanted, wantedConsumers, wantedInstruments } from "./wanted.ts";

export interface ConsumerPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  /** For the session that writes: the lasting ones may not. */
  readonly settings: ConnectionSettings;
  readonly context: ProblemContext;
}

/**
 * Looks again and again whether everything is on that the receiver reads from, and turns on what is not. A server forgets
 * it with each restart. The only statements of the receiver that change anything, and only where the configuration
 * permits it; nothing is ever turned off.
 */
export class ConsumerPoll {
  readonly #options: ConsumerPollOptions;

  constructor(options: ConsumerPollOptions) {
    this.#options = options;
  }

  async poll({ signal }: { readonly signal: AbortSignal }): Promise<PollResult> {
    const { server, context, host } = this.#options;
    try {
      const { performanceSchema } = await server.capabilities(signal);
      // Without it there is nothing to be turned on, which another poll tells.
      const off = performanceSchema ? await this.#off(signal) : [];
      if (off.length === 0) return { batches: [] };
      await this.#turnOn(off, signal);
      const names = off.map(({ name }) => name);
      host.logger.info({ names }, `turned on in performance_schema of ${context.endpoint}: ${names.join(", ")}`);
      return { batches: [] };
    } catch (error) {
      throw isAnswer(error) ? this.#problem(error) : databaseProblem(error, context);
    }
  }

  async #off(signal: AbortSignal): Promise<readonly Wanted[]> {
    const { connection } = this.#options.server;
    const consumers = await connection.query(
      "SELECT NAME AS name FROM performance_schema.setup_consumers WHERE ENABLED = 'NO'",
      [],
      signal,
    );
    const names = new Set(consumers.map((row) => text(row, "name")));
    const off = wantedConsumers.filter(({ name }) => names.has(name));
    for (const wanted of wantedInstruments) {
      const [some] = await connection.query(
        `SELECT NAME AS name FROM performance_schema.setup_instruments
          WHERE NAME LIKE '${wanted.name}' AND (ENABLED = 'NO' OR TIMED = 'NO') LIMIT 1`,
        [],
        signal,
      );
      if (some !== undefined) off.push(wanted);
    }
    return off;
  }

  async #turnOn(off: readonly Wanted[], signal: AbortSignal): Promise<void> {
    const connection = new DatabaseConnection(this.#options.settings);
    try {
      await connection.query("START TRANSACTION READ WRITE", [], signal);
      for (const { turnOn } of off) await connection.query(turnOn, [], signal);
      await connection.query("COMMIT", [], signal);
    } finally {
      await connection.close();
    }
  }

  #problem(error: unknown): DbintelError {
    const { context } = this.#options;
    const { message, code, cause, hint } = databaseProblem(error, context);
    if (code !== "DBI_DATABASE_PERMISSION") return new DbintelError(message, { code, cause, hint: hint ?? "" });
    return new DbintelError(`consumers cannot be turned on: ${message}`, {
      ...{ code, cause },
      hint:
        "take consumers.enable out of the configuration, or run as an administrator: GRANT SELECT, UPDATE ON " +
        "performance_schema.setup_consumers TO …; GRANT SELECT, UPDATE ON performance_schema.setup_instruments TO …",
    });
  }
}
