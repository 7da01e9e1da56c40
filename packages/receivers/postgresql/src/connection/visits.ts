import { type GuardedSource, Turn } from "@dbintel/watching";
import type { KnownServer } from "./capabilities.ts";
import { type ConnectionSettings, DatabaseConnection } from "./connection.ts";

/**
 * Short sessions inside the databases of a server, for what a session in one database cannot see of another. Never more
 * than one at a time, whoever asks, and none in between: so the server has one session more than the lasting ones.
 */
export class Visits implements GuardedSource {
  /** For whoever opens a session of their own: one at a time. */
  readonly turn = new Turn();
  readonly #settings: ConnectionSettings;
  readonly #server: KnownServer;
  #current: DatabaseConnection | undefined;
  #limitMs: number;

  constructor(settings: ConnectionSettings, server: KnownServer) {
    this.#settings = settings;
    this.#server = server;
    this.#limitMs = settings.statementTimeoutMs;
  }

  /** Gives `work` a session in the database, and ends it. Errors are those of `pg`. */
  async visit<T>(
    args: {
      readonly database: string;
      readonly signal: AbortSignal;
      /** Settings of the session, as in {@link ConnectionSettings}. */
      readonly sessionOptions?: readonly string[];
    },
    work: (connection: DatabaseConnection) => Promise<T>,
  ): Promise<T> {
    const { database, signal, sessionOptions } = args;
    return this.turn.take(signal, async () => {
      const settings = sessionOptions === undefined ? this.#settings : { ...this.#settings, sessionOptions };
      const connection = new DatabaseConnection(settings, database);
      connection.limit(this.#limitMs);
      this.#current = connection;
      try {
        return await work(connection);
      } finally {
        this.#current = undefined;
        await connection.close();
      }
    });
  }

  limit(timeoutMs: number): void {
    this.#limitMs = timeoutMs;
    this.#current?.limit(timeoutMs);
  }

  /** Asks over the lasting session: whether the server answers needs no other. */
  ping(signal: AbortSignal): Promise<void> {
    return this.#server.turn.take(signal, () => this.#server.connection.ping(signal));
  }

  async close(): Promise<void> {
    await this.#current?.close();
  }
}
