import type { AccessMethod, PlanDifference } from "./plan-diff.ts";

/** The differences for a person to read, one a line. */
export function describeDifferences(differences: readonly PlanDifference[]): string {
  return differences.map(describe).join("\n");
}

function describe(difference: PlanDifference): string {
  switch (difference.kind) {
    case "access_changed": {
      const { relation, before, after } = difference;
      const lost = before.indexes.filter((index) => !after.indexes.includes(index));
      const ending = lost.length === 0 ? "" : ` (no longer uses ${lost.join(", ")})`;
      return `${relation}: ${method(before)} became ${method(after)}${ending}`;
    }
    case "condition_moved": {
      const { relation, condition, from, to } = difference;
      return `${relation}: ${condition} was ${words(from)} and is now ${words(to)}`;
    }
    case "condition_removed":
      return `${difference.relation}: no longer checks ${difference.condition}`;
    case "condition_added":
      return `${difference.relation}: now checks ${difference.condition}`;
    case "join_changed":
      return `join of ${difference.relations.join(", ")}: ${difference.before} became ${difference.after}`;
    case "join_order_changed":
      return `join order: ${difference.before.join(", ")} became ${difference.after.join(", ")}`;
    case "table_removed":
      return `${difference.relation}: no longer read`;
    case "table_added":
      return `${difference.relation}: now read`;
    case "operation_removed":
      return `step removed: ${difference.operation}`;
    case "operation_added":
      return `step added: ${difference.operation}`;
  }
}

function method({ operation, indexes }: AccessMethod): string {
  return indexes.length === 0 ? operation : `${operation} using ${indexes.join(", ")}`;
}

function words(role: string): string {
  const text = role.replaceAll("_", " ");
  return `${"aeiou".includes(text.charAt(0)) ? "an" : "a"} ${text}`;
}
