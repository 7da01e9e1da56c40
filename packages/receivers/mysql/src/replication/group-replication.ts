import { bounded, type MetricDefinition, number, printable, type Row, single, text } from "@dbintel/watching";

/** A member of the group, as the watched server sees it. */
export interface GroupMember {
  readonly id: string;
  /** host:port. */
  readonly address: string;
  /** `ONLINE`, `RECOVERING`, `UNREACHABLE`, `OFFLINE` or `ERROR`. */
  readonly state: string;
  /** `PRIMARY` or `SECONDARY`. */
  readonly role: string;
}

/** Without the plugin there is one row, of a server without an id. A group has nine members at most. */
export const groupMembersSql = `
  SELECT MEMBER_ID AS id, MEMBER_HOST AS host, MEMBER_PORT AS port, MEMBER_STATE AS state, MEMBER_ROLE AS role
    FROM performance_schema.replication_group_members WHERE MEMBER_ID <> '' LIMIT 100`;

export function groupMember(row: Row): GroupMember {
  const shown = (column: string) => printable(bounded(text(row, column) ?? "", 256));
  return {
    ...{ id: shown("id"), state: shown("state"), role: shown("role") },
    address: `${shown("host")}:${number(row, "port") ?? 0}`,
  };
}

export const memberLabels = {
  "mysql.group_replication.member.state": "state",
  "mysql.group_replication.member.role": "role",
} as const;

/** How many members there are of each state and role. */
export const memberMetrics: readonly MetricDefinition[] = [
  single(
    {
      ...{ name: "mysql.group_replication.members", unit: "{member}", type: "sum", number: "int", enabled: true },
      description: "Members of the group, as this server sees them",
    },
    "members",
  ),
];

export function memberRows(members: readonly GroupMember[]): readonly Row[] {
  const byState = Map.groupBy(members, ({ state, role }) => `${state} ${role}`);
  return [...byState.values()].map((group) => ({
    state: group[0]?.state ?? "",
    role: group[0]?.role ?? "",
    members: BigInt(group.length),
  }));
}

interface StatisticOptions {
  readonly name: string;
  readonly column: string;
  readonly description: string;
  readonly type: "counter" | "sum";
}

function statistic({ name, column, description, type }: StatisticOptions): MetricDefinition {
  const common = {
    name: `mysql.group_replication.${name}`,
    unit: "{transaction}",
    number: "int",
    enabled: true,
  } as const;
  return single({ ...common, description, type }, column);
}

/** What the watched server has done in the group. */
export const memberStatistics: readonly MetricDefinition[] = [
  statistic({
    ...{ name: "transactions.queued", column: "queued", type: "sum" },
    description: "Transactions that wait to be checked for conflicts",
  }),
  statistic({
    ...{ name: "transactions.applier_queued", column: "applier_queued", type: "sum" },
    description: "Transactions of other members that wait to be applied",
  }),
  statistic({
    ...{ name: "transactions.checked", column: "checked", type: "counter" },
    description: "Transactions that were checked for conflicts",
  }),
  statistic({
    ...{ name: "transactions.conflicts", column: "conflicts", type: "counter" },
    description: "Transactions that were rolled back because of a conflict",
  }),
  statistic({
    ...{ name: "transactions.applied", column: "applied", type: "counter" },
    description: "Transactions of other members that were applied",
  }),
  statistic({
    ...{ name: "transactions.proposed", column: "proposed", type: "counter" },
    description: "Transactions that this server gave to the group",
  }),
  statistic({
    ...{ name: "transactions.rolled_back", column: "rolled_back", type: "counter" },
    description: "Transactions of this server that the group did not take",
  }),
];

export const memberStatisticsSql = `
  SELECT COUNT_TRANSACTIONS_IN_QUEUE AS queued, COUNT_TRANSACTIONS_REMOTE_IN_APPLIER_QUEUE AS applier_queued,
         COUNT_TRANSACTIONS_CHECKED AS checked, COUNT_CONFLICTS_DETECTED AS conflicts,
         COUNT_TRANSACTIONS_REMOTE_APPLIED AS applied, COUNT_TRANSACTIONS_LOCAL_PROPOSED AS proposed,
         COUNT_TRANSACTIONS_LOCAL_ROLLBACK AS rolled_back
    FROM performance_schema.replication_group_member_stats WHERE MEMBER_ID = @@server_uuid`;
