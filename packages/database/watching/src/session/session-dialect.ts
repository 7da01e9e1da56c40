import type { Socket } from "node:net";
import type { ServerGreeting } from "./first-answer.ts";

/** How one kind of database keeps sessions; `S` is a session as its driver has it. */
export interface SessionDialect<S> {
  /** How the server is told from other programs. */
  readonly greeting: ServerGreeting;
  /** Before each new session: gets what it logs in with. Rejects when it cannot. */
  prepare(signal: AbortSignal): Promise<void>;
  /** Whether the server has refused the login, and another is found now that is worth one more try. */
  renewed(error: unknown, signal: AbortSignal): Promise<boolean>;
  /** Begins to connect and returns at once. `onLost` is called when the session has ended, whoever ended it. */
  create(onLost: () => void): S;
  /** Waits for the connection and sets the session up. Rejects with what the driver reports. */
  begin(session: S, limitMs: number): Promise<void>;
  /** From here on the server gives up each statement after this time. */
  limit(session: S, limitMs: number): Promise<void>;
  /** The server's number of the session; `undefined` while it has not said it. */
  id(session: S): number | undefined;
  /** Has the server give up what the session runs, over a short connection. Rejects when the server cannot be told soon. */
  cancel(session: S): Promise<void>;
  /** The socket of the session. */
  socket(session: S): Socket;
  /** Leaves at once; what was asked is never answered. */
  destroy(session: S): void;
  /** Says goodbye, and waits for an answer no longer than a moment: there may be nobody left to give it. */
  end(session: S): Promise<void>;
  /** Asks over a short session which of those that were left are still there. Rejects when it gets no answer soon. */
  remaining(left: readonly LeftSession[]): Promise<readonly number[]>;
}

/** A session that did not answer and was left, though the server may still work for it. */
export interface LeftSession {
  /** The server's number of it. */
  readonly id: number;
  /** How long ago it was left. */
  readonly agoMs: number;
}
