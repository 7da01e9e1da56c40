import { DbintelError } from "@dbintel/errors";
import { expect, it } from "vitest";
import { costs } from "./findings.ts";

const tried = {
  name: "statements",
  milliseconds: 80,
  databaseMs: 30,
  items: 1_000_000,
  interval: 60_000,
  problems: [],
};

it("judges a part by what it takes of the database's time, and not by how much it brings", () => {
  expect(costs(tried, 0.005)).toEqual([
    {
      status: "ok",
      message:
        "statements: 80.0 ms for 1000000 records and data points, then 30.0 ms in the database every 60 s: 0.05 % of a core",
    },
  ]);
  expect(costs({ ...tried, databaseMs: 600 }, 0.005)).toMatchObject([
    { status: "warn", message: expect.stringMatching(/: 1 % of a core, and all may take 0.5 %$/) },
  ]);
});

it("tells what did not work instead", () => {
  const problem = new DbintelError("no grant", { code: "DBI_DATABASE_PERMISSION", hint: "GRANT …" });
  expect(costs({ ...tried, problems: [problem] }, 0.005)).toEqual([
    { status: "fail", message: "statements: no grant", hint: "GRANT …" },
  ]);
});
