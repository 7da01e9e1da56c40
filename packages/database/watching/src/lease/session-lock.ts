import { type LeaseLock, poolerBefore } from "./lease-lock.ts";

/** The session that a lock is to be one of. */
export interface LockSession {
  /** The server's number of it, as the connection was told. */
  readonly id: number | undefined;
  /** What it was marked with. */
  readonly mark: string;
}

export interface LockAnswer {
  /** Whether the session that has answered is the one that was asked. */
  readonly own: boolean;
  /** Whether it has the lock. */
  readonly held: boolean;
}

/** How one kind of server is asked for a lock that ends with its session. */
export interface LockDialect {
  readonly connection: Pick<LeaseLock, "session" | "confirmedMs">;
  /** The server's number of the session, as the connection was told. */
  readonly id: number | undefined;
  /** Marks the session and has the server end it when it is silent for so long. Resolves to the mark that it had. */
  prepare(mark: string, lifetimeMs: number, signal: AbortSignal): Promise<string | undefined>;
  /** Tries to take the lock, in one statement that leaves it alone in any other session. */
  take(session: LockSession, signal: AbortSignal): Promise<LockAnswer>;
  /** Whether this session has it. */
  holds(session: LockSession, signal: AbortSignal): Promise<LockAnswer>;
}

/**
 * The lock of a session that is nobody else's. A pooler tells each client a number of its own, or gives the session of
 * one client to another: so the server is asked with each answer for its number of the session, and for the mark that
 * was left there.
 */
export class SessionLock implements LeaseLock {
  readonly #dialect: LockDialect;
  readonly #endpoint: string;
  readonly #mark: string;
  /** The session that was marked. */
  #prepared: number | undefined;

  constructor(args: {
    readonly dialect: LockDialect;
    readonly endpoint: string;
    /** No other collector has the same. */
    readonly mark: string;
  }) {
    this.#dialect = args.dialect;
    this.#endpoint = args.endpoint;
    this.#mark = args.mark;
  }

  get session(): number | undefined {
    return this.#dialect.connection.session;
  }

  get confirmedMs(): number | undefined {
    return this.#dialect.connection.confirmedMs;
  }

  async take(lifetimeMs: number, signal: AbortSignal): Promise<boolean> {
    if (!this.#isPrepared) {
      const mark = await this.#dialect.prepare(this.#mark, lifetimeMs, signal);
      if (mark !== undefined && mark !== "") throw poolerBefore(this.#endpoint);
      this.#prepared = this.session;
    }
    return this.#judge(await this.#dialect.take(this.#asked, signal));
  }

  async holds(signal: AbortSignal): Promise<boolean> {
    return this.#judge(await this.#dialect.holds(this.#asked, signal));
  }

  #judge({ own, held }: LockAnswer): boolean {
    if (own) return held;
    // Another session was opened meanwhile, in place of one that was lost: it has no mark yet.
    if (!this.#isPrepared) return false;
    throw poolerBefore(this.#endpoint);
  }

  get #asked(): LockSession {
    return { id: this.#dialect.id, mark: this.#mark };
  }

  get #isPrepared(): boolean {
    return this.#prepared !== undefined && this.#prepared === this.session;
  }
}
