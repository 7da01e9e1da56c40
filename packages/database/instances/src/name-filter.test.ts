import { FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { NameFilter, NameLimit } from "./name-filter.ts";

describe("a filter of names", () => {
  it("takes all names but those that are excluded, when none is included", () => {
    const filter = new NameFilter({ include: [], exclude: ["test_*", "a?c"] });
    expect(["app", "test", "ac", "abbc"].every((name) => filter.chooses(name))).toBe(true);
    expect(["test_", "test_1", "abc"].some((name) => filter.chooses(name))).toBe(false);
  });

  it("takes included names that are not excluded", () => {
    const filter = new NameFilter({ include: ["app*", "orders"], exclude: ["app_old"] });
    expect(["app", "app_new", "orders", "app_old", "orders2", "my_app"].filter((name) => filter.chooses(name))).toEqual(
      ["app", "app_new", "orders"],
    );
  });

  it("takes everything but the stars for what it is", () => {
    const filter = new NameFilter({ include: ["a.b", "(x|y)+", "[z]", "c:\\d", "$^{}"], exclude: [] });
    expect(["a.b", "(x|y)+", "[z]", "c:\\d", "$^{}"].every((name) => filter.chooses(name))).toBe(true);
    expect(["aXb", "x", "z", "c:1", ""].some((name) => filter.chooses(name))).toBe(false);
  });

  it("matches whole names, with line breaks and signs of any script in them", () => {
    const filter = new NameFilter({ include: ["a*z", "?"], exclude: [] });
    expect(["a\nz", "a😀z", "😀", "ü"].every((name) => filter.chooses(name))).toBe(true);
    expect(["xaz", "a\nz\n", "az "].some((name) => filter.chooses(name))).toBe(false);
  });

  it("is quick with patterns that other engines choke on", () => {
    const filter = new NameFilter({ include: [`${"*a".repeat(60)}b`], exclude: [] });
    expect(filter.chooses("a".repeat(63))).toBe(false);
    expect(filter.chooses(`${"a".repeat(62)}b`)).toBe(true);
  });
});

describe("a limit of names", () => {
  it("lets those pass that came first, and others when those are asked for no longer", async () => {
    const clock = new FakeClock();
    await clock.advance(1000);
    const limit = new NameLimit({ most: 2, clock });
    expect(["a", "b", "c", "a"].map((name) => limit.passes(name))).toEqual([true, true, false, true]);
    expect(limit.exceeded).toBe(true);
    await clock.advance(1_800_000);
    expect(limit.passes("a")).toBe(true);
    await clock.advance(1_800_001);
    expect(["c", "a", "b"].map((name) => limit.passes(name))).toEqual([true, true, false]);
  });
});
