import { Secret } from "@dbintel/config";
import { startNewRelic } from "@dbintel/e2e/new-relic";
import { describe, expect, test } from "vitest";
import { NerdGraph, nrqlText, readIntegrationError } from "./index.ts";

const keys = { licenseKey: "license", userKey: "NRAK-test", accountId: 7 };
const query = "SELECT * FROM NrIntegrationError";

function clientOf(
  endpoint: string,
  options: { readonly userKey?: string; readonly accountId?: number } = {},
): NerdGraph {
  const { userKey, accountId } = { ...keys, ...options };
  return new NerdGraph({ url: `${endpoint}/graphql`, userKey: new Secret(userKey), accountId, timeoutMs: 10_000 });
}

const { signal } = new AbortController();

describe("NerdGraph", () => {
  test("answers rows", async () => {
    await using newRelic = await startNewRelic(keys);
    newRelic.report({ newRelicFeature: "Metrics", category: "BadRequest", message: "m" });
    expect(await clientOf(newRelic.endpoint).nrql(query, signal)).toMatchObject([{ category: "BadRequest" }]);
    expect(newRelic.queries).toEqual([query]);
  });

  test("a wrong key is told as what it is, and not shown", async () => {
    await using newRelic = await startNewRelic(keys);
    const asked = clientOf(newRelic.endpoint, { userKey: "NRAK-secret" }).nrql(query, signal);
    await expect(asked).rejects.toMatchObject({ code: "DBI_NEW_RELIC_API", retryable: false });
    await expect(asked).rejects.toThrow("NerdGraph refused the key (401)");
    await expect(asked).rejects.not.toThrow("NRAK-secret");
  });

  test("another account", async () => {
    await using newRelic = await startNewRelic(keys);
    await expect(clientOf(newRelic.endpoint, { accountId: 8 }).nrql(query, signal)).rejects.toThrow(
      "NerdGraph: Not authorized",
    );
  });

  test.each([
    [429, true],
    [503, true],
    [400, false],
  ])("status %i", async (status, retryable) => {
    await using newRelic = await startNewRelic(keys);
    newRelic.failNerdGraph(status);
    await expect(clientOf(newRelic.endpoint).nrql(query, signal)).rejects.toMatchObject({ retryable });
    expect(await clientOf(newRelic.endpoint).nrql(query, signal)).toEqual([]);
  });

  test("nobody there", async () => {
    const newRelic = await startNewRelic(keys);
    await newRelic[Symbol.asyncDispose]();
    await expect(clientOf(newRelic.endpoint).nrql(query, signal)).rejects.toMatchObject({
      code: "DBI_NEW_RELIC_API",
      retryable: true,
    });
  });
});

test("a text in a query stays a text", () => {
  expect(nrqlText("it's \\ here")).toBe("'it\\'s \\\\ here'");
});

describe("integration errors", () => {
  test.each([
    [{ category: "RateLimit", rateLimitType: "UniqueTimeseriesPerDay", message: "x" }, "cardinality"],
    [{ category: "RateLimit", rateLimitType: "RequestsPerMinute", message: "x" }, "rate_limit"],
    [{ category: "ApiLimit", message: "x" }, "quota"],
    [{ category: "BadRequest", message: "Metric 'a.b' has too many attributes" }, "too_many_attributes"],
    [{ category: "BadRequest", message: "The name of attribute 'k' is too long" }, "too_long"],
    [{ category: "BadRequest", message: "Invalid timestamp" }, "timestamp"],
    [{ category: "BadRequest", message: "Payload too large" }, "too_large"],
    [{ category: "BadRequest", message: "Value is NaN" }, "value"],
    [{ category: "BadRequest", message: "The api-key is invalid" }, "authentication"],
    [{ category: "BadRequest", message: "anything" }, "other"],
    [{}, "other"],
  ])("%j", (row, kind) => {
    expect(readIntegrationError(row).kind).toBe(kind);
  });

  test("name what they are about", () => {
    const row = { name: "m.one", message: "attribute 'a.b' of `m.two` isn't \"fine\"", timestamp: 5, requestId: "r" };
    const error = readIntegrationError(row);
    expect(error.names.slice(0, 3)).toEqual(["m.one", "a.b", "m.two"]);
    expect(error.timeMs).toBe(5);
    expect(readIntegrationError({ ...row }).identity).toBe(error.identity);
    expect(readIntegrationError({ ...row, requestId: "s" }).identity).not.toBe(error.identity);
  });

  test("are bounded, whatever they hold", () => {
    const error = readIntegrationError({ message: "'a' ".repeat(10_000), timestamp: Number.NaN });
    expect(error).toMatchObject({ names: ["a"], timeMs: 0 });
    expect(error.message).toHaveLength(1000);
  });
});
