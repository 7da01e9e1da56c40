import { type SessionEventName, sessionEvents } from "@dbintel/watching";
import type { ActiveSession } from "./active-session.ts";

/** From which age on something is told, in milliseconds; 0 for never. */
export interface AgeLimits {
  readonly statement: number;
  readonly transaction: number;
  readonly idleTransaction: number;
}

/** Something that lasts longer than it should. */
export interface LongLasting {
  readonly event: SessionEventName;
  /** One for the life of what lasts: the same execution, the same transaction, the same pause. */
  readonly identity: string;
  readonly ageMicros: bigint;
  readonly limitMs: number;
  readonly of: ActiveSession;
}

/** Whether a transaction is old enough to be told of, whatever its session does. */
export function isOld(startMicros: bigint, nowMicros: bigint, limits: AgeLimits): boolean {
  const limitsMs = [limits.transaction, limits.idleTransaction].filter((limit) => limit > 0);
  return limitsMs.some((limitMs) => Number(nowMicros - startMicros) >= limitMs * 1000);
}

/** What of the sessions lasts too long. */
export function longLasting(args: {
  readonly sessions: readonly ActiveSession[];
  readonly nowMicros: bigint;
  readonly limits: AgeLimits;
}): readonly LongLasting[] {
  const { sessions, nowMicros, limits } = args;
  const found: LongLasting[] = [];
  const judge = (event: SessionEventName, of: ActiveSession, what: string, ageMicros: bigint, limitMs: number) => {
    if (limitMs === 0 || Number(ageMicros) < limitMs * 1000) return;
    found.push({ event, identity: `${event}/${of.id}/${what}`, ageMicros, limitMs, of });
  };
  for (const each of sessions) {
    const { transaction, session } = each;
    const { statement, command, commandSeconds, info } = session;
    const execution = statement === undefined ? (info ?? "") : String(statement.eventId);
    const pauseMicros = BigInt(commandSeconds) * 1_000_000n;
    const isIdle = command === "Sleep";
    if (!isIdle) {
      const runsMicros =
        (statement?.ended === false ? statement.waitPicoseconds : undefined) ?? pauseMicros * 1_000_000n;
      judge(sessionEvents.statement, each, execution, runsMicros / 1_000_000n, limits.statement);
    }
    if (transaction === undefined) continue;
    const ageMicros = nowMicros - transaction.startMicros;
    judge(sessionEvents.transaction, each, transaction.name, ageMicros, limits.transaction);
    if (isIdle) {
      const pause = `${transaction.name}/${execution}`;
      judge(sessionEvents.idleTransaction, each, pause, pauseMicros, limits.idleTransaction);
    }
  }
  return found;
}
