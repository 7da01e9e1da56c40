import { expect, it } from "vitest";
import { secondsText, topQueryTable } from "./top-query-table.ts";

const queries = [
  {
    database: "shop",
    role: "app",
    text: "SELECT * FROM orders WHERE id = $1",
    calls: 300,
    rows: 300,
    totalSeconds: 0.75,
  },
  { database: "shop", role: "report", text: "SELECT count(*) FROM orders", calls: 1, rows: 1, totalSeconds: 0.25 },
];

it("shows share, time, calls, mean and rows", () => {
  expect(topQueryTable(queries)).toBe(
    [
      "share    time  calls     mean  rows  database  user    query",
      "75.0%  750 ms    300  2.50 ms   300  shop      app     SELECT * FROM orders WHERE id = $1",
      "25.0%  250 ms      1   250 ms     1  shop      report  SELECT count(*) FROM orders",
    ].join("\n"),
  );
});

it("keeps the share of all queries when it shows few, and cuts lines to the terminal", () => {
  const [, first = "", more] = topQueryTable(queries, { limit: 1, columns: 70 }).split("\n");
  expect(first.startsWith("75.0%")).toBe(true);
  expect(first).toHaveLength(70);
  expect(first.endsWith("…")).toBe(true);
  expect(more).toBeUndefined();
});

it.each([
  [12.345, "12.3 s"],
  [0.0123, "12.3 ms"],
  [0.0000045, "4.50 µs"],
])("prints %d seconds as %s", (seconds, text) => {
  expect(secondsText(seconds)).toBe(text);
});
