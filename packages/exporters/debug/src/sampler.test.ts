import { FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { Sampler } from "./sampler.ts";

function passes(sampler: Sampler, times: number): string {
  return Array.from({ length: times }, () => (sampler.pass() ? "x" : ".")).join("");
}

describe("Sampler", () => {
  it("lets the first of a second through, then every n-th", async () => {
    const clock = new FakeClock();
    const sampler = new Sampler({ clock, initial: 2, thereafter: 3 });
    expect(passes(sampler, 10)).toBe("xx..x..x..");
    await clock.advance(999);
    expect(passes(sampler, 2)).toBe("x.");
    await clock.advance(1);
    expect(passes(sampler, 4)).toBe("xx..");
  });

  it("lets all through at 1 and none of the others at 0", () => {
    const clock = new FakeClock();
    expect(passes(new Sampler({ clock, initial: 2, thereafter: 1 }), 5)).toBe("xxxxx");
    expect(passes(new Sampler({ clock, initial: 2, thereafter: 0 }), 5)).toBe("xx...");
    expect(passes(new Sampler({ clock, initial: 0, thereafter: 0 }), 5)).toBe(".....");
  });
});
