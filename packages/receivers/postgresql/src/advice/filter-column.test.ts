import { conditionOperands } from "@dbintel/plans";
import { expect, it } from "vitest";
import { filterColumnOf } from "./filter-column.ts";

/** Of a filter as EXPLAIN writes it. */
function columnsOf(filter: string) {
  return conditionOperands(filter).flatMap((condition) => {
    const column = filterColumnOf(condition);
    return column === undefined ? [] : [`${column.name} ${column.match} ${column.cast ?? "-"}`];
  });
}

it("finds the columns that an index could answer, as EXPLAIN writes conditions on them", () => {
  expect(columnsOf("(customer = $1)")).toEqual(["customer equal -"]);
  expect(columnsOf("((o.state)::text = ?::text)")).toEqual(["state equal text"]);
  expect(columnsOf(`((customer = ?) AND ((state)::text = ANY (?::text[])) AND ("Order Id" = ANY ($4)))`)).toEqual([
    "Order Id equal -",
    "customer equal -",
    "state equal text",
  ]);
  expect(columnsOf("((at > $3) AND (at <= $4) AND (o.gone IS NULL) AND ($7 = id))")).toEqual([
    "id equal -",
    "at range -",
    "at range -",
    "gone equal -",
  ]);
  expect(columnsOf(`("a""b" >= ?)`)).toEqual([`a"b range -`]);
});

it("finds none in what no B-tree index on a column answers", () => {
  for (const filter of [
    "(name ~~ ?)",
    "(a <> ?)",
    "(NOT done)",
    "((id = ?) OR (customer = ?))",
    "((id + 1) = ?)",
    "(lower(name) = ?)",
    "(date_trunc(?, at) = $5)",
    "(a = b)",
    "(t.a IS NOT NULL)",
    "(a @> ?)",
    "(a = (SubPlan 1))",
  ]) {
    expect(columnsOf(filter), filter).toEqual([]);
  }
});
