import { describe, expect, it } from "vitest";
import { verificationConfig } from "./config.ts";

function problems(config: unknown): readonly string[] {
  const result = verificationConfig.safeParse(config);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("verificationConfig", () => {
  it("fills in what is not given", () => {
    expect(verificationConfig.parse({})).toMatchObject({
      mode: "redact",
      sensitivity_level: "medium",
      verify_payload: true,
      sql: { enabled: true },
      allow: [],
    });
  });

  it.each<[object, string]>([
    [{ mode: "hash" }, "hash: hashing needs a key: set hash.key"],
    [{ entities: { email: "hash" } }, "hash: hashing needs a key"],
    [{ hash: { key: "short" } }, "hash.key: must have at least 32 characters"],
    [{ entities: { e_mail: "keep" } }, 'entities.e_mail: unknown entity "e_mail"'],
    [{ fields: [{ entities: ["nobody"], mode: "keep" }] }, 'fields.0.entities.0: unknown entity "nobody"'],
    [{ allow: [{ keys: ["a"] }] }, "allow.0: allows everything: name a value, a pattern, or the entities"],
    [{ allow: [{}] }, "allow.0: allows everything"],
    [{ allow: [{ value: "a", pattern: "b" }] }, "allow.0: value and pattern exclude each other"],
    [{ allow: [{ value: "a", entities: ["nobody"] }] }, 'allow.0.entities.0: unknown entity "nobody"'],
    [{ allow: [{ pattern: "a(?!b)" }] }, "allow.0.pattern: invalid perl operator: (?!"],
    [
      { custom_patterns: [{ name: "a", pattern: "(a)\\1" }] },
      "custom_patterns.0.pattern: invalid escape sequence: \\1",
    ],
    [
      { custom_patterns: [{ name: "a", pattern: "x*" }] },
      "custom_patterns.0.pattern: the pattern matches the empty text",
    ],
    [
      { custom_patterns: [{ name: "email", pattern: "x" }] },
      "custom_patterns.0.name: is the name of a built-in entity",
    ],
    [{ custom_patterns: [{ name: "A b", pattern: "x" }] }, "custom_patterns.0.name: expected lower_snake_case"],
    [
      {
        custom_patterns: [
          { name: "a", pattern: "x" },
          { name: "a", pattern: "y" },
        ],
      },
      "custom_patterns: names one twice",
    ],
    [{ canaries: ["short"] }, "canaries.0: must have at least 8 characters"],
    [{ sensitive_keys: ["a", "a"] }, "sensitive_keys: names one twice"],
    [{ modes: "redact" }, "modes"],
  ])("refuses %j", (config, expected) => {
    expect(problems(config).join("\n")).toContain(expected);
  });

  it("never prints a key or a canary", () => {
    const config = verificationConfig.parse({ hash: { key: "k".repeat(32) }, canaries: ["canary-12345"] });
    expect(JSON.stringify(config)).not.toMatch(/kkkk|canary-12345/);
  });
});
