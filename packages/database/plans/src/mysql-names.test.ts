import { expect, it } from "vitest";
import { withoutAliases, withoutMadeUpNames } from "./mysql-names.ts";

it.each([
  ["(`shop`.`o`.`id` = ?)", "(`shop`.`o`.`id` = ?)"],
  ["(`x`.`concat(name,'jane')` = ?)", "(`x`.? = ?)"],
  ["`x`.`a + 17` desc, `x`.`17`", "`x`.? desc, `x`.?"],
  ["`jane doe`, `a``b`, `größe_1$`", "?, ?, `größe_1$`"],
  ['("x"."a b" = ?)', '("x".? = ?)'],
  ["(o.id = ?)", "(o.id = ?)"],
  ["", ""],
])("hides made up names: %s", (text, shown) => {
  expect(withoutMadeUpNames(text)).toBe(shown);
});

it.each([
  ["select `s`.`t`.`id` AS `id`,`s`.`t`.`a` AS `a` from `s`.`t`", "select `s`.`t`.`id`,`s`.`t`.`a` from `s`.`t`"],
  ["select ? AS `jane`,? AS `17` from `t` `x`", "select ?,? from `t` `x`"],
  [
    "select `x`.`jane` AS `jane` from (select ? AS `jane` from `t`) `x` order by `x`.`jane`",
    "select `x`.? from (select ? from `t`) `x` order by `x`.?",
  ],
  [
    "select (select max(`a`) from `t`) AS `(select max(a) from t where b = 'jane')`",
    "select (select max(`a`) from `t`)",
  ],
])("hides aliases: %s", (text, shown) => {
  expect(withoutAliases(text)).toBe(shown);
});
