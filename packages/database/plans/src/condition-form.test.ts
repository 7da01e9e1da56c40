import { describe, expect, it } from "vitest";
import { conditionForm, conditionOperands } from "./condition-form.ts";

describe("conditionForm", () => {
  it.each([
    ["(customer_id = ?)", "(customer_id = $1)"],
    ["(note ~~ ?::text)", "(note ~~ $2)"],
    ["(at > (?)::timestamp(?) without time zone)", "(at > ?)"],
    ["(price < ?::numeric(?,?))", "(price < ?)"],
    ["(mood = ?::public.mood)", "(mood = ?)"],
    ["(id = ANY (?::integer[]))", "(id = ANY (ARRAY[?]))"],
    ["(id = ANY (ARRAY[$1, $2, $3]))", "(id = ANY ($1))"],
    ["((b > ?) AND (a = ?))", "((a = ?) AND (b > ?))"],
    ["((a = ?) and (b = ?) and (c = ?))", "((c = ?) AND (b = ?) AND (a = ?))"],
    ["(a between ? and ? and b = ?)", "(b = ? and a between ? and ?)"],
    ["(`shop`.`Orders`.`Total` > ?)", "(shop.orders.total > ?)"],
    ["t.a in (?,?,?)", "t.a in (?)"],
    ["(x IS NOT NULL)", "(X is not null)"],
  ])("is the same for %s and %s", (one, other) => {
    expect(conditionForm(one)).toBe(conditionForm(other));
  });

  it.each([
    ["(a = ?)", "(b = ?)"],
    ["(a = ?)", "(a <> ?)"],
    ["((a = ?) AND (b = ?))", "((a = ?) OR (b = ?))"],
    ["(NOT (a = ?))", "(a = ?)"],
    ['("A" = ?)', "(a = ?)"],
    ["(lower(a) = ?)", "(upper(a) = ?)"],
    ["(a = b::text)", "(a = b::integer)"],
    ["((a = ?) AND ((b = ?) OR (c = ?)))", "(((a = ?) AND (b = ?)) OR (c = ?))"],
    ["(f(a) = ?)", "(f(a, ?) = ?)"],
  ])("differs between %s and %s", (one, other) => {
    expect(conditionForm(one)).not.toBe(conditionForm(other));
  });

  it("takes other names for qualifiers, not for columns", () => {
    expect(conditionForm("(m_1.m_1 = o.id)", { renamed: new Map([["m_1", "m"]]) })).toBe("m.m_1 = o.id");
  });

  it("leaves out the schema, and the table that all is about", () => {
    const ofOrders = { withoutSchema: true, table: "orders" };
    expect(conditionForm("(`shop`.`Orders`.`id` = `shop`.`customer`.`id`)", ofOrders)).toBe("id = customer.id");
    expect(conditionForm("(orders.orders = other.orders.id)", ofOrders)).toBe("orders = id");
    expect(conditionForm("(orders.f(orders) > ?)", {})).toBe("orders.f (orders) > ?");
  });

  it("reads what is nested very deeply, and brackets that do not match", () => {
    expect(conditionForm(`${"(".repeat(5000)}a = ?${")".repeat(5000)}`)).toContain("a = ?");
    expect(conditionForm("a = ?) and (b")).toContain("a = ?");
  });
});

describe("conditionOperands", () => {
  it.each([
    ["((b > 2) AND (a = ?) AND ((c = ?) OR (d = ?)))", ["((c = ?) or (d = ?))", "a = ?", "b > 2"]],
    ["(a = ?)", ["a = ?"]],
    ["c.region = ?", ["c.region = ?"]],
    ["((a = ?) or (b = ?))", ["(a = ?) or (b = ?)"]],
  ])("takes %s apart", (text, operands) => {
    expect([...conditionOperands(text)].sort()).toEqual([...operands].sort());
  });
});
