import { DbintelError } from "@dbintel/errors";
import { expect, it } from "vitest";
import { classifyError, type ErrorClass } from "./error-class.ts";

const cases: readonly (readonly [string, object, ErrorClass])[] = [
  ["a wrong password", { code: "28P01" }, "login"],
  ["a missing database", { code: "3D000" }, "login"],
  ["a missing grant", { code: "42501" }, "configuration"],
  ["a missing view", { code: "42P01" }, "configuration"],
  ["too many connections", { code: "53300" }, "overload"],
  ["our statement timeout", { code: "57014" }, "overload"],
  ["our lock timeout", { code: "55P03" }, "overload"],
  ["a server that shuts down", { code: "57P01" }, "failover"],
  ["a server that is read-only", { code: "25006" }, "failover"],
  ["a lost connection", { code: "08006" }, "failover"],
  ["a refused connection", { code: "ECONNREFUSED", errno: -111 }, "failover"],
  ["a syntax error", { code: "42601" }, "ours"],
  ["MySQL with too many connections", { code: "ER_CON_COUNT_ERROR", errno: 1040 }, "overload"],
  ["MySQL that denies access", { code: "ER_ACCESS_DENIED_ERROR", errno: 1045 }, "login"],
  ["MySQL that has locked the account", { code: "ER_ACCOUNT_HAS_BEEN_LOCKED", errno: 3118 }, "login"],
  ["MySQL that blocks the host", { code: "ER_HOST_IS_BLOCKED", errno: 1129 }, "login"],
  ["MySQL that denies a table", { code: "ER_TABLEACCESS_DENIED_ERROR", errno: 1142 }, "configuration"],
  ["a MySQL account whose connections are used up", { code: "ER_USER_LIMIT_REACHED", errno: 1226 }, "overload"],
  ["MySQL that went away", { code: "PROTOCOL_CONNECTION_LOST", errno: 2006 }, "failover"],
  ["anything else", { code: "22012" }, "other"],
];

it.each(cases)("classes %s", (_name, error, expected) => {
  expect(classifyError(error)).toBe(expected);
});

it("looks behind the errors of the collector", () => {
  const init = { code: "DBI_DATABASE_UNREACHABLE" as const, hint: "" };
  expect(classifyError(new DbintelError("no", { ...init, cause: { code: "53300" } }))).toBe("overload");
  expect(classifyError(new DbintelError("no", init))).toBe("failover");
  expect(classifyError(new DbintelError("late", { code: "DBI_TIMEOUT" }))).toBe("overload");
  expect(classifyError("text")).toBe("other");
});
