import { defaultBreakerSettings } from "@dbintel/guard";
import { expect, it } from "vitest";
import { breakerSettings, circuitBreaker } from "./breaker-settings.ts";

it("guards a server as @dbintel/guard does by default", () => {
  expect(breakerSettings(circuitBreaker.parse(undefined))).toEqual(defaultBreakerSettings);
});

it.each([
  [{ failure_rate: 1.1 }, "failure_rate"],
  [{ failure_threshold: 0 }, "failure_threshold"],
  [{ window: "0s" }, "window"],
  [{ base_timeout: "40s" }, "max_timeout"],
  [{ open_state_timeout: "11m" }, "max_open_state_timeout"],
  [{ shed_order: ["size"] }, "shed_order.0"],
  [{ shed_order: ["sizes", "sizes"] }, "shed_order"],
])("refuses %j", (settings, path) => {
  expect(circuitBreaker.safeParse(settings).error?.issues[0]?.path.join(".")).toBe(path);
});
