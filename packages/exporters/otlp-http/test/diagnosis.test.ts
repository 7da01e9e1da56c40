import { freePort } from "@dbintel/e2e/free-port";
import { type Signal, signals } from "@dbintel/pdata";
import type { Check, SettingsOf } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { otlpHttp } from "../src/index.ts";
import { never, TestServer } from "./support.ts";

/** `CODE status` of each check of each endpoint, and what they say. */
async function diagnose(config: SettingsOf<typeof otlpHttp>, used: readonly Signal[] = signals) {
  const { definition, config: settings } = otlpHttp(config);
  const subjects = await definition.diagnosis?.subjects({ id: "otlp_http", config: settings, signals: used });
  const checks: Check[] = [];
  for (const subject of subjects ?? []) {
    for await (const check of subject.examine({ host: createTestHost(), signal: never })) checks.push(check);
  }
  return {
    subjects: subjects?.map(({ name }) => name),
    results: checks.map(({ code, status }) => `${code} ${status}`),
    text: JSON.stringify(checks),
  };
}

describe("the diagnosis of an endpoint", () => {
  it("sends an empty export of each signal, with the headers, and is content when they are taken", async () => {
    await using server = await TestServer.listen();
    const { subjects, results } = await diagnose({ endpoint: server.url, headers: { "api-key": "k3y-of-nobody" } });
    expect(subjects).toEqual([server.url]);
    expect(results).toEqual([
      ...["OTLP-TLS-001 ok", "OTLP-KEY-001 skipped", "OTLP-CONN-001 ok"],
      ...["OTLP-SEND-001 ok", "OTLP-SEND-001 ok", "OTLP-SEND-001 ok"],
    ]);
    expect(server.seen.map(({ url }) => url)).toEqual(["/v1/logs", "/v1/metrics", "/v1/traces"]);
    expect(server.seen.map(({ headers }) => headers["api-key"])).toEqual(Array(3).fill("k3y-of-nobody"));
  });

  it("asks each host for the signals that go there", async () => {
    await using one = await TestServer.listen();
    await using other = await TestServer.listen();
    await diagnose({ endpoint: one.url, metrics_endpoint: `${other.url}/own` }, ["logs", "metrics"]);
    expect([one, other].map(({ seen }) => seen.map(({ url }) => url))).toEqual([["/v1/logs"], ["/own"]]);
  });

  it("tells what the endpoint refuses, and keeps the key out of it", async () => {
    await using server = await TestServer.listen();
    server.behaviour = () => ({
      status: 403,
      headers: { "content-type": "text/plain" },
      body: "the key k3y-of-nobody is of another region",
    });
    const { results, text } = await diagnose({ endpoint: server.url, headers: { "api-key": "k3y-of-nobody" } }, [
      "logs",
    ]);
    expect(results.at(-1)).toBe("OTLP-SEND-001 fail");
    expect(text).toContain("answered 403");
    expect(text).not.toContain("k3y-of-nobody");
  });

  it("tells that nobody listens", async () => {
    const { results, text } = await diagnose({ endpoint: `http://127.0.0.1:${await freePort()}` }, ["logs"]);
    expect(results.at(-1)).toBe("OTLP-SEND-001 fail");
    expect(text).toContain("nothing listens there");
  });

  it("tells that the name does not resolve, and asks no more", async () => {
    const { results } = await diagnose({ endpoint: "https://otlp.invalid" }, ["logs"]);
    expect(results).toEqual(["OTLP-TLS-001 ok", "OTLP-KEY-001 skipped", "OTLP-CONN-001 fail"]);
  });
});
