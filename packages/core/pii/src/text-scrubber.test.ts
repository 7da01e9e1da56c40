import { expect, it } from "vitest";
import { TextScrubber } from "./text-scrubber.ts";

const scrubber = new TextScrubber();

it.each([
  [
    "cannot connect to postgresql://app:hunter2@db:5432/shop",
    "cannot connect to postgresql://app:[REDACTED:connection_uri]@db:5432/shop",
  ],
  ["password=abc123 is wrong for ann@example.com", "password=[REDACTED:credential] is wrong for [REDACTED:email]"],
  ["listening on 127.0.0.1:4318", "listening on 127.0.0.1:4318"],
  ["größer als ann@example.com ≥ 1", "größer als [REDACTED:email] ≥ 1"],
])("makes %j safe to show", (text, shown) => {
  expect(scrubber.scrub(text)).toBe(shown);
});

it("hides as a whole what has the name of a secret", () => {
  expect(scrubber.scrub("swordfish", "db.password")).toBe("[REDACTED]");
  expect(scrubber.scrub("swordfish", "db.name")).toBe("swordfish");
});
