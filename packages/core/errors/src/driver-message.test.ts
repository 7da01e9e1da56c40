import { describe, expect, it } from "vitest";
import { driverMessage } from "./driver-message.ts";

describe("driverMessage", () => {
  it.each([
    ["22P02", 'invalid input syntax for type integer: "hunter2"', 'invalid input syntax for type integer: "…"'],
    ["22P02", "ungültige Eingabesyntax für Typ integer: »hunter2«", "ungültige Eingabesyntax für Typ integer: »…«"],
    ["22003", 'value "hunter2" is out of range for type integer', 'value "…" is out of range for type integer'],
    ["42601", 'syntax error at or near "hunter2', 'syntax error at or near "…'],
    ["ER_DUP_ENTRY", "Duplicate entry 'o'hunter2' for key 'name'", "Duplicate entry '…'"],
    [
      "ER_TRUNCATED_WRONG_VALUE",
      "Truncated incorrect INTEGER value: 'hunter2'",
      "Truncated incorrect INTEGER value: '…'",
    ],
    ["ER_PARSE_ERROR", "You have an error near 'BY 'hunter2'' at line 1", "You have an error near '…' at line 1"],
    ["UNKNOWN_CODE_PLEASE_REPORT", "XPATH syntax error: '~hunter2'", "XPATH syntax error: '…'"],
  ])("of %s leaves out what was typed: %s", (code, message, shown) => {
    expect(driverMessage({ code, message })).toBe(shown);
  });

  it.each(["P0001", "38000", "45000", "ER_SIGNAL_EXCEPTION"])("of %s leaves out the words of a function", (code) => {
    expect(driverMessage({ code, message: "customer hunter2 is unknown" })).toMatch(/^a function or procedure raised/);
  });

  it.each([
    ["42P01", 'relation "orders" does not exist'],
    ["42703", 'column "state" does not exist'],
    ["42501", "permission denied for table orders"],
    ["ER_NO_SUCH_TABLE", "Table 'app.missing' doesn't exist"],
    ["ER_TABLEACCESS_DENIED_ERROR", "SELECT command denied to user 'otel'@'%' for table 'orders'"],
    ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:5432"],
    ["EPIPE", "write EPIPE"],
    ["", 'unexpected "x"'],
  ])("of %s keeps the names: %s", (code, message) => {
    expect(driverMessage({ code, message })).toBe(message);
  });
});
