import { FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { ReportedNames, type ReportedNamesOptions } from "./reported-names.ts";

function chosen(names: readonly string[], options: Partial<ReportedNamesOptions>): readonly string[] {
  const reported = new ReportedNames({ include: [], exclude: [], most: 1000, clock: new FakeClock(), ...options });
  return names.filter((name) => reported.reports(name));
}

describe("reported names", () => {
  it("are all but those that are excluded, when none is included", () => {
    const names = ["app", "test", "ac", "abbc", "test_", "test_1", "abc"];
    expect(chosen(names, { exclude: ["test_*", "a?c"] })).toEqual(["app", "test", "ac", "abbc"]);
  });

  it("are those that are included and not excluded", () => {
    const names = ["app", "app_new", "orders", "app_old", "orders2", "my_app"];
    expect(chosen(names, { include: ["app*", "orders"], exclude: ["app_old"] })).toEqual(["app", "app_new", "orders"]);
  });

  it("are a provider's only where they are included", () => {
    const provided = () => ["rdsadmin"];
    expect(chosen(["app", "rdsadmin"], { provided })).toEqual(["app"]);
    expect(chosen(["app", "rdsadmin"], { provided, include: ["rds*"] })).toEqual(["rdsadmin"]);
  });

  it("are compared with everything but the stars as it is", () => {
    const names = ["a.b", "(x|y)+", "[z]", "c:\\d", "$^{}"];
    expect(chosen([...names, "aXb", "x", "z", "c:1", ""], { include: names })).toEqual(names);
  });

  it("are compared as a whole, with line breaks and signs of any script in them", () => {
    const names = ["a\nz", "a😀z", "😀", "ü"];
    expect(chosen([...names, "xaz", "a\nz\n", "az "], { include: ["a*z", "?"] })).toEqual(names);
  });

  it("are found soon, with patterns that other engines choke on", () => {
    const include = [`${"*a".repeat(60)}b`];
    expect(chosen(["a".repeat(63), `${"a".repeat(62)}b`], { include })).toEqual([`${"a".repeat(62)}b`]);
  });

  it("are so many at most: those that came first, and others when those are asked for no longer", async () => {
    // Begins at 0, as a monotonic clock may.
    const clock = new FakeClock();
    const told: boolean[] = [];
    const onFull = (full: boolean) => void told.push(full);
    const reported = new ReportedNames({ include: [], exclude: [], most: 2, clock, onFull });
    const report = (...names: readonly string[]) => names.filter((name) => reported.reports(name));
    expect(report("a", "b", "c", "a", "d")).toEqual(["a", "b", "a"]);
    await clock.advance(1_800_000);
    expect(report("a")).toEqual(["a"]);
    await clock.advance(1_800_001);
    expect(report("c", "a")).toEqual(["c", "a"]);
    expect(told).toEqual([true, false]);
  });
});
