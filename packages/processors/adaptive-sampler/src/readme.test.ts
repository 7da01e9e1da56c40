import { readFileSync } from "node:fs";
import { readmeSettings } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { adaptiveSampler } from "./component.ts";
import { verdicts } from "./sampling/candidates.ts";

const readme = new URL("../README.md", import.meta.url);

it("has a configuration in its README that is valid", () => {
  expect(readmeSettings(adaptiveSampler.definition, readme)).toMatchObject({
    default_sample_rate: 0.1,
    max_records_per_second: 200,
    max_bytes_per_second: 1_000_000,
    rules: [
      { name: "slow_statements", sample_rate: 1, max_per_minute: 600 },
      { name: "wide_plans", sample_rate: 0.5 },
    ],
  });
});

it("has every reason of a drop in its README, and no others", () => {
  const table = /\| Reason of a drop .*?\n\n/s.exec(readFileSync(readme, "utf8"))?.[0] ?? "";
  const documented = [...table.matchAll(/^\| `([a-z_]+)` \|/gm)].map(([, name]) => name);
  const expected = [...verdicts.slice(1), "duplicate", "judgement_failed"];
  expect(new Set(documented)).toEqual(new Set(expected));
});
