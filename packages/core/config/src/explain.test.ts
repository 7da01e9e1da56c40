// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import { expect, it } from "vitest";
import { check, valid } from "../test/sample.ts";
import { explainConfig } from "./explain.ts";
import { loadConfig } from "./load.ts";

it("tells the origin of each value, and no secret", () => {
  const written = "endpoint: localhost:5432\n    password: ${env:PASSWORD}\n    interval: 20s";
  const yaml = valid.replace("endpoint: localhost:5432", written);
  const env = { PASSWORD: "s3cret" };
  const { config } = check(yaml, { env });
  const loaded = loadConfig({ sources: [`yaml:${yaml}`], env });
  const explained = explainConfig(config?.effective() ?? {}, loaded.root);
  const of = (path: string) => explained.find((each) => each.path === `receivers.postgresql.${path}`);
  expect(of("interval")).toMatchObject({ value: "20s", origin: expect.stringMatching(/:5:15$/) });
  expect(of("password")).toMatchObject({
    value: "[REDACTED]",
    origin: expect.stringContaining(" from ${env:PASSWORD}"),
  });
  expect(of("connections")).toEqual({ path: "receivers.postgresql.connections", value: 2, origin: "default" });
  expect(of("databases")).toMatchObject({ value: [], origin: "default" });
  expect(JSON.stringify(explained)).not.toContain("s3cret");
});
