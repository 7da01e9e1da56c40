import { feedback } from "@dbintel/feedback";
import { logsBuilder } from "@dbintel/pdata";
import type { Host } from "@dbintel/pipeline";
import { exactInteger, KeptReading, type PollResult } from "@dbintel/polling";
import { integer, type StatementGuard, text } from "@dbintel/watching";
import { z } from "zod";
import { type KnownServer, namedValues } from "../connection/capabilities.ts";
import { databaseProblem, type ProblemContext } from "../connection/problems.ts";
import { serverClock } from "../connection/server-clock.ts";
import { type Instance, instanceResource, receiverScope } from "../resource.ts";
import { deadlockIn } from "./deadlock.ts";
import { addDeadlock } from "./deadlock-events.ts";

export interface DeadlockPollOptions {
  readonly host: Host;
  readonly server: KnownServer;
  readonly instance: Instance;
  readonly context: ProblemContext;
  /** What was seen longer ago is not compared with after a restart. Default 1 h. */
  readonly checkpointMaxAgeMs?: number;
}

const standardCheckpointAgeMs = 3_600_000;

/** What was known at the last look. */
const lastLook = z.object({ count: exactInteger.optional(), stamp: z.string().optional() });

/**
 * Tells of each deadlock of InnoDB once, by its time. The server's long report is asked for only when it has counted
 * another deadlock; what happened before the first look is not told. The user needs PROCESS.
 */
export class DeadlockPoll {
  /** The last look, kept over a restart. */
  readonly lastLook: KeptReading<z.output<typeof lastLook>>;
  readonly #options: DeadlockPollOptions;

  constructor(options: DeadlockPollOptions) {
    this.#options = options;
    const { host, checkpointMaxAgeMs: maxAgeMs = standardCheckpointAgeMs } = options;
    this.lastLook = new KeptReading({ host, form: "mysql deadlocks 1", schema: lastLook, maxAgeMs });
  }

  async poll({ signal }: { readonly signal: AbortSignal; readonly guard: StatementGuard }): Promise<PollResult> {
    const { host, server, context, instance } = this.#options;
    if (host.shared(feedback).savings.essentialsOnly) return { batches: [] };
    try {
      const capabilities = await server.capabilities(signal);
      const { product, identity } = capabilities;
      // The server's clock costs a statement, and none else is needed at most looks.
      const origin = { identity, clockMicros: host.clock.unixNano() / 1000n };
      const last = await this.lastLook.before(async () => origin);
      const count = await this.#count(signal);
      if (last !== undefined && count !== undefined && count === last.count) {
        return { batches: [], commit: () => this.lastLook.keep(origin, last) };
      }
      const clockMicros = await serverClock(server.connection, signal);
      const [row = {}] = await server.connection.query("SHOW ENGINE INNODB STATUS", [], signal);
      const deadlock = deadlockIn(text(row, "Status") ?? "");
      const commit = () => {
        this.lastLook.keep(origin, { count, stamp: deadlock?.stamp ?? last?.stamp });
      };
      if (deadlock === undefined || last === undefined || deadlock.stamp === last.stamp) return { batches: [], commit };
      const logs = logsBuilder()
        .resource(instanceResource(instance, capabilities))
        .scope(receiverScope(host.build, capabilities));
      addDeadlock(logs, {
        ...{ deadlock, product, clockMicros },
        count: countBetween(last.count, count),
        observedUnixNano: host.clock.unixNano(),
      });
      return { batches: [logs.build()], commit };
    } catch (error) {
      throw databaseProblem(error, context);
    }
  }

  /** Deadlocks since the server's start; `undefined` where it does not count them. */
  async #count(signal: AbortSignal): Promise<bigint | undefined> {
    const { connection } = this.#options.server;
    if (connection.product === "mariadb") {
      const rows = await connection.query("SHOW GLOBAL STATUS WHERE Variable_name = 'Innodb_deadlocks'", [], signal);
      const value = namedValues(rows).get("innodb_deadlocks");
      return value === undefined ? undefined : BigInt(value);
    }
    const [row = {}] = await connection.query(
      `SELECT CAST(COUNT AS SIGNED) AS deadlocks FROM information_schema.INNODB_METRICS
        WHERE NAME = 'lock_deadlocks' AND STATUS = 'enabled'`,
      [],
      signal,
    );
    return integer(row, "deadlocks");
  }
}

/** A server that was restarted counts anew. */
function countBetween(before: bigint | undefined, now: bigint | undefined): bigint | undefined {
  if (before === undefined || now === undefined) return undefined;
  return now > before ? now - before : now;
}
