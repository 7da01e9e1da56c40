import { bounded, integer, number, printable, type Row, text } from "@dbintel/watching";
import type { Capabilities } from "../connection/capabilities.ts";
import { missingSequence, missingTransactions } from "./gtid-set.ts";

/** The two threads of a channel: one receives from the source, one applies. */
export const replicaThreads = ["receiver", "applier"] as const;
export type ReplicaThread = (typeof replicaThreads)[number];

/** What a thread does. Only a receiver connects. */
export type ThreadState = "running" | "connecting" | "stopped";

interface ThreadStatus {
  readonly state: ThreadState;
  /** 0 when there was none. */
  readonly errorNumber: number;
  /** As the server has it: may hold values of rows. */
  readonly errorText: string;
}

/** A replica's channel from one source. */
export interface ReplicaChannel {
  /** `undefined` for the channel without a name. */
  readonly name: string | undefined;
  /** `host:port` of the source. */
  readonly source: string;
  readonly threads: Readonly<Record<ReplicaThread, ThreadStatus>>;
  /** As the server itself sees it, in seconds; `undefined` when it does not know. */
  readonly secondsBehind: bigint | undefined;
  /** The delay that is wanted, in seconds. */
  readonly delay: bigint | undefined;
  readonly relayLogBytes: bigint | undefined;
  /** Transactions that were received and are not applied; `undefined` without GTIDs. */
  readonly pending: bigint | undefined;
  /** Whether all that was received is applied. */
  readonly caughtUp: boolean;
}

/** Channels that are told; a server has one to few. */
export const mostChannels = 100;
const longestName = 256;

export const binaryLogsSql = "SHOW BINARY LOGS";

/** `SHOW` takes no condition here; MySQL called it otherwise before 8.0.22. */
export function replicaStatusSql({ product, version }: Pick<Capabilities, "product" | "version">): string {
  if (product === "mariadb") return "SHOW ALL SLAVES STATUS";
  const [major = 0, minor = 0, patch = 0] = version.split(/[.-]/).map(Number);
  const isOld = major < 8 || (major === 8 && minor === 0 && patch < 22);
  return isOld ? "SHOW SLAVE STATUS" : "SHOW REPLICA STATUS";
}

/** The same for all names that the columns have had. */
export function replicaChannel(row: Row): ReplicaChannel {
  const status: Row = Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name.toLowerCase().replace("master", "source").replace("slave", "replica"),
      value,
    ]),
  );
  const name = text(status, "channel_name") ?? text(status, "connection_name") ?? "";
  const pending = pendingOf(status);
  const thread = (running: string, error: string): ThreadStatus => ({
    state: stateOf(text(status, running)),
    errorNumber: number(status, `last_${error}_errno`) ?? 0,
    errorText: text(status, `last_${error}_error`) ?? "",
  });
  return {
    name: name === "" ? undefined : printable(bounded(name, longestName)),
    source: printable(
      bounded(`${text(status, "source_host") ?? ""}:${number(status, "source_port") ?? 0}`, longestName),
    ),
    threads: {
      receiver: thread("replica_io_running", "io"),
      applier: thread("replica_sql_running", "sql"),
    },
    secondsBehind: integer(status, "seconds_behind_source"),
    delay: integer(status, "sql_delay"),
    relayLogBytes: integer(status, "relay_log_space"),
    pending,
    caughtUp: pending === undefined ? readAll(status) : pending === 0n,
  };
}

function stateOf(running: string | undefined): ThreadState {
  if (running === "Yes") return "running";
  // MariaDB says "Preparing" before it connects.
  return running === "Connecting" || running === "Preparing" ? "connecting" : "stopped";
}

function pendingOf(status: Row): bigint | undefined {
  const usesGtid = text(status, "using_gtid");
  if (usesGtid !== undefined) {
    if (usesGtid === "No") return undefined;
    return missingSequence(text(status, "gtid_io_pos") ?? "", text(status, "gtid_replica_pos") ?? "");
  }
  const received = text(status, "retrieved_gtid_set") ?? "";
  return received === "" ? undefined : missingTransactions(received, text(status, "executed_gtid_set") ?? "");
}

/** By the place in the source's log that was read, and the one that was applied. */
function readAll(status: Row): boolean {
  return (
    text(status, "source_log_file") === text(status, "relay_source_log_file") &&
    integer(status, "read_source_log_pos") === integer(status, "exec_source_log_pos")
  );
}
