import { describe, expect, it } from "vitest";
import { z } from "zod";
import { checkGivenSettings } from "./given-settings.ts";
import { secret } from "./secret.ts";
import { duration } from "./units.ts";

const schema = z.strictObject({
  endpoint: z.string(),
  timeout: duration().prefault("5s"),
  mode: z.enum(["fast", "thorough"]).default("fast"),
  password: secret().optional(),
  retry: z.strictObject({ enabled: z.boolean().default(true) }).prefault({}),
});

function problemsOf(settings: unknown): readonly string[] {
  const result = checkGivenSettings(schema, settings);
  return result.ok ? [] : result.problems;
}

describe("settings that an application gives", () => {
  it("have their defaults filled in", () => {
    const result = checkGivenSettings(schema, { endpoint: "a", retry: { enabled: false } });
    expect(result).toEqual({
      ok: true,
      value: { endpoint: "a", timeout: 5000, mode: "fast", retry: { enabled: false } },
    });
  });

  it("are described in the words of a configuration file, all at once", () => {
    expect(problemsOf({ timeout: 5, mode: "fats", retry: { enabeld: true, enabled: undefined } })).toEqual([
      "endpoint: is required",
      'timeout: expected a duration with a unit, such as "10s", "500ms" or "1h30m", got 5 (did you mean "5s"?)',
      'mode: expected "fast" or "thorough", got "fats" (did you mean "fast"?)',
      'retry: unknown key "enabeld" (did you mean "enabled"?)',
    ]);
  });

  it("may be of a kind that no file can hold", () => {
    expect(problemsOf(null)).toEqual(["expected a map, got nothing"]);
    expect(problemsOf({ endpoint: () => "a", retry: [1n] })).toEqual([
      "endpoint: expected a string, got nothing",
      "retry: expected a map, got a list",
    ]);
  });

  it("may hold no reference, which nobody would replace by its value", () => {
    const [variable, file] = ["$" + "{env:PASSWORD}", "Bearer $" + "{file:/run/token}"];
    const what = "references such as $" + "{env:NAME} are for files: give the value itself, such as process.env.NAME";
    expect(problemsOf({ endpoint: "a", password: variable })).toEqual([`password: ${what}`]);
    expect(problemsOf({ endpoint: file, retry: [{ enabled: variable }] })).toEqual([
      `endpoint: ${what}`,
      `retry[0].enabled: ${what}`,
    ]);
    expect(problemsOf({ endpoint: "price in $ {env}" })).toEqual([]);
  });

  it("may hold themselves", () => {
    const settings: { endpoint: string; again?: unknown } = { endpoint: "a" };
    settings.again = settings;
    expect(problemsOf(settings)).toEqual([expect.stringMatching(/^unknown key "again"/)]);
  });

  it("do not show a secret", () => {
    expect(problemsOf({ endpoint: "a", password: ["hunter2"] })).toEqual(["password: expected a string, got a list"]);
    expect(problemsOf({ endpoint: "a", password: 12345 })).toEqual([
      "password: expected a string, got a number: put it between quotes",
    ]);
  });
});
