import { readmeSettings } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { verification } from "./component.ts";

it("has a configuration in its README that is valid", () => {
  const readme = new URL("../README.md", import.meta.url);
  const env = { PSEUDONYM_KEY: "0123456789abcdef0123456789abcdef" };
  expect(readmeSettings(verification.definition, readme, env)).toMatchObject({
    mode: "redact",
    entities: { email: "hash" },
    custom_patterns: [{ name: "employee_number" }],
    hash: { key_id: "2026-11" },
  });
});
