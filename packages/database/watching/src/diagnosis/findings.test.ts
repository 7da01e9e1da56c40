import { DbintelError } from "@dbintel/errors";
import { expect, it } from "vitest";
import { type FoundOut, trialFindings } from "./findings.ts";
import type { TriedPoll } from "./poll-trial.ts";

const tried = {
  name: "statements",
  milliseconds: 80,
  databaseMs: 30,
  items: 1_000_000,
  interval: 60_000,
  problems: [],
};

async function costs(polls: readonly TriedPoll[]) {
  async function* trial() {
    yield* polls;
  }
  const found: FoundOut[] = [];
  for await (const each of trialFindings(trial(), 0.005)) found.push(each);
  return found;
}

it("judges a part by what it takes of the database's time, and not by how much it brings", async () => {
  expect(await costs([tried])).toEqual([
    {
      status: "ok",
      message:
        "statements: 80.0 ms for 1000000 records and data points, then 30.0 ms in the database every 60 s: 0.05 % of a core",
    },
  ]);
  expect(await costs([{ ...tried, databaseMs: 600 }])).toMatchObject([
    { status: "warn", message: expect.stringMatching(/: 1 % of a core, and all may take 0.5 %$/) },
  ]);
});

it("tells what did not work at the end, once for all parts that met it", async () => {
  const problem = new DbintelError("no grant", { code: "DBI_DATABASE_PERMISSION", hint: "GRANT …" });
  const met = { ...tried, problems: [problem] };
  expect(await costs([met, { ...tried, name: "metrics" }, { ...met, name: "samples" }])).toEqual([
    { status: "ok", message: expect.stringContaining("metrics: ") },
    { status: "fail", message: "statements, samples: no grant", hint: "GRANT …" },
  ]);
});
