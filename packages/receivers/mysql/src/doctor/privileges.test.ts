import { expect, it } from "vitest";
import { grantedBy } from "./privileges.ts";

const granted = grantedBy(
  [
    "GRANT PROCESS, REPLICATION CLIENT ON *.* TO `otel`@`%`",
    "GRANT USAGE ON *.* TO `otel`@`%` IDENTIFIED BY PASSWORD '*917867920DF5466DF107EDE22F0E6D57173D851B'",
    "GRANT SELECT ON `performance_schema`.* TO `watcher`",
    "GRANT ALL PRIVILEGES ON `shop\\_one`.* TO `otel`@`%` WITH GRANT OPTION",
    "GRANT SELECT, UPDATE ON `performance_schema`.`setup_consumers` TO `otel`@`%`",
    "GRANT SELECT (`id`), UPDATE (`id`) ON `hr`.`staff` TO `otel`@`%`",
    "GRANT EXECUTE ON PROCEDURE `shop`.`explain_statement` TO `otel`@`%`",
    "GRANT SELECT ON `od``d`.* TO `otel`@`%`",
    "GRANT `watcher`@`%` TO `otel`@`%`",
  ].map((line, at) => ({ [`Grants ${at}`]: line })),
);

it("reads what a user may do, by itself and by roles", () => {
  expect(granted.everywhere("REPLICATION CLIENT")).toBe(true);
  expect(granted.everywhere("SELECT")).toBe(false);
  expect(granted.inSchema("SELECT", "performance_schema")).toBe(true);
  expect(granted.inSchema("SELECT", "shop_one")).toBe(true);
  expect(granted.inSchema("SELECT", "od`d")).toBe(true);
  expect(granted.onTable("UPDATE", "performance_schema", "setup_consumers")).toBe(true);
  expect(granted.onTable("SELECT", "performance_schema", "threads")).toBe(true);
});

it("takes no right on a column, a procedure or another place for one on all", () => {
  expect(granted.onTable("SELECT", "hr", "staff")).toBe(false);
  expect(granted.inSchema("EXECUTE", "shop")).toBe(false);
  expect(granted.inSchema("UPDATE", "performance_schema")).toBe(false);
  expect(granted.onTable("UPDATE", "performance_schema", "setup_instruments")).toBe(false);
});
