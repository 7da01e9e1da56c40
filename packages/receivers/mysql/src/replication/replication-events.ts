import type { AnyValue, LogsBuilder } from "@dbintel/pdata";
import type { Product } from "../connection/connection.ts";
import { redactedError } from "./error-text.ts";
import type { GroupMember } from "./group-replication.ts";
import { type ReplicaChannel, replicaThreads } from "./replica-channel.ts";

export const replicationEvent = "db.replication.state_change";

/** Severity numbers of OpenTelemetry's logs. */
const severities = { info: 9, warning: 13, error: 17 } as const;

/** A thread of a channel, or a member of a group, at one look. */
interface Subject {
  readonly key: string;
  /** What must change for another event. */
  readonly state: string;
  readonly severity: keyof typeof severities;
  readonly attributes: Readonly<Record<string, AnyValue | undefined>>;
}

/** What is remembered of the last look: the state of each subject. */
export type KnownStates = ReadonlyMap<string, { readonly state: string; readonly shown: string }>;

/**
 * Tells each thread and member whose state has changed; at the first look those that are not as they should be. A channel
 * that is gone is not told: somebody has removed it.
 */
export function addStateChanges(
  logs: LogsBuilder,
  args: {
    readonly product: Product;
    readonly channels: readonly ReplicaChannel[];
    readonly members: readonly GroupMember[];
    readonly known: KnownStates | undefined;
    readonly timeUnixNano: bigint;
    readonly observedUnixNano: bigint;
  },
): KnownStates {
  const { product, channels, members, known, timeUnixNano, observedUnixNano } = args;
  const subjects = [...channels.flatMap(threadsOf), ...members.map(memberOf)];
  for (const { key, state, severity, attributes } of subjects) {
    const before = known?.get(key);
    if (before === undefined ? severity === "info" : before.state === state) continue;
    logs.record({
      ...{ timeUnixNano, observedTimeUnixNano: observedUnixNano, eventName: replicationEvent },
      severityNumber: severities[severity],
      attributes: {
        "db.system.name": product,
        ...attributes,
        "mysql.replication.state.previous": before?.shown,
      },
    });
  }
  return new Map(
    subjects.map(({ key, state, attributes }) => [
      key,
      { state, shown: String(attributes["mysql.replication.state"] ?? "") },
    ]),
  );
}

function threadsOf({ name, source, threads }: ReplicaChannel): readonly Subject[] {
  return replicaThreads.map((thread) => {
    const { state, errorNumber, errorText } = threads[thread];
    const failed = errorNumber !== 0 && state !== "running";
    return {
      key: `channel ${name ?? ""} ${thread}`,
      state: `${state} ${failed ? errorNumber : 0}`,
      severity: failed ? "error" : state === "stopped" ? "warning" : "info",
      attributes: {
        "mysql.replication.channel": name,
        "mysql.replication.source": source,
        "mysql.replication.thread": thread,
        "mysql.replication.state": state,
        "db.response.status_code": failed ? String(errorNumber) : undefined,
        "mysql.replication.error.message": failed ? redactedError(errorText) : undefined,
      },
    };
  });
}

function memberOf({ id, address, state, role }: GroupMember): Subject {
  return {
    key: `member ${id}`,
    state: `${state} ${role}`,
    severity: state === "ERROR" || state === "UNREACHABLE" ? "error" : state === "ONLINE" ? "info" : "warning",
    attributes: {
      "mysql.group_replication.member": address,
      "mysql.group_replication.member.role": role,
      "mysql.replication.state": state.toLowerCase(),
    },
  };
}
