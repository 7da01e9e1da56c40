import { expect, test } from "vitest";
import { newRelic } from "./new-relic.ts";

test("without a key nothing goes to New Relic", () => {
  expect(newRelic({})).toBeUndefined();
  expect(newRelic({ NEW_RELIC_LICENSE_KEY: "" })).toBeUndefined();
});

test.each([
  ["eu01xx0000000000000000000000000000000000", "https://otlp.eu01.nr-data.net"],
  ["0000000000000000000000000000000000000000", "https://otlp.nr-data.net"],
])("the endpoint is that of the key's region", (key, endpoint) => {
  const settings = newRelic({ NEW_RELIC_LICENSE_KEY: key });
  expect(settings?.env).toEqual({ NEW_RELIC_OTLP_ENDPOINT: endpoint });
  expect(JSON.stringify(settings)).not.toContain(key);
});

test("an endpoint that is set wins", () => {
  const env = { NEW_RELIC_LICENSE_KEY: "eu01xx", NEW_RELIC_OTLP_ENDPOINT: "http://localhost:4318" };
  expect(newRelic(env)?.endpoint).toBe("http://localhost:4318");
});
