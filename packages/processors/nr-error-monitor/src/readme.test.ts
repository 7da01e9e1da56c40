import { readmeSettings } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { nrErrorMonitor } from "./component.ts";

it("has a configuration in its README that is valid", () => {
  const readme = new URL("../README.md", import.meta.url);
  expect(readmeSettings(nrErrorMonitor.definition, readme, { NEW_RELIC_USER_KEY: "NRAK-test" })).toMatchObject({
    mode: "fix",
    nerdgraph: { account_id: 1_234_567, region: "eu", canary: { enabled: true } },
  });
});
