import type { AnyValue, LogsBuilder } from "@dbintel/pdata";
import { fingerprintSql } from "@dbintel/sql";
import { bounded, printable, sessionEvents } from "@dbintel/watching";
import type { Product } from "../connection/connection.ts";
import type { Deadlock, DeadlockLock, DeadlockParty } from "./deadlock.ts";
import { shownText } from "./statement-text.ts";

const longestNameBytes = 255;

/** One log record for each of the transactions that waited for each other, all with the same id. */
export function addDeadlock(
  logs: LogsBuilder,
  args: {
    readonly deadlock: Deadlock;
    /** Deadlocks since the last look; the server remembers the latest alone. */
    readonly count: bigint | undefined;
    readonly product: Product;
    readonly clockMicros: bigint;
    readonly observedUnixNano: bigint;
  },
): void {
  const { deadlock, product, clockMicros } = args;
  const { parties, stamp, victim } = deadlock;
  const timeUnixNano = (clockMicros - BigInt(Math.round(deadlock.ageSeconds * 1e6))) * 1000n;
  for (const [place, party] of parties.entries()) {
    logs.record({
      timeUnixNano,
      observedTimeUnixNano: args.observedUnixNano,
      eventName: sessionEvents.deadlock,
      attributes: {
        "db.system.name": product,
        "dbintel.deadlock.id": [stamp.replace(" ", "T"), ...parties.map(({ transactionId }) => transactionId)].join(
          "/",
        ),
        "dbintel.deadlock.sessions": BigInt(parties.length),
        "dbintel.deadlock.victim": victim === undefined ? undefined : victim === place,
        "dbintel.deadlock.count": args.count,
        ...partyAttributes(party, product),
      },
    });
  }
}

function partyAttributes(party: DeadlockParty, product: Product): Record<string, AnyValue | undefined> {
  const shown = shownText({ info: party.statement, statement: undefined }, product);
  const [wanted] = party.waitsFor;
  return {
    "db.query.text": shown?.text,
    "db.query.fingerprint": shown && fingerprintSql(shown.text, product),
    "dbintel.query.text.truncated": shown?.truncated === true ? true : undefined,
    "mysql.session.id": party.session === undefined ? undefined : BigInt(party.session),
    "mysql.transaction.id": party.transactionId,
    "mysql.transaction.active": party.activeSeconds,
    "mysql.blocking.lock.type": wanted?.type,
    "mysql.blocking.lock.mode": name(wanted?.mode),
    "mysql.blocking.lock.relation": name(wanted?.relation),
    "mysql.blocking.lock.index": name(wanted?.index),
    "mysql.locks.held": party.holds.length === 0 ? undefined : party.holds.map(lockText),
  };
}

/** `X locks rec but not gap on shop.orders (PRIMARY)`. */
function lockText({ mode, relation, index }: DeadlockLock): string {
  return name(`${mode} on ${relation}${index === undefined ? "" : ` (${index})`}`) ?? "";
}

function name(text: string | undefined): string | undefined {
  return text === undefined ? undefined : printable(bounded(text, longestNameBytes));
}
