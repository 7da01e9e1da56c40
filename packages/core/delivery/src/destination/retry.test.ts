import { PartialError, PermanentError, RefusedError, RetryableError } from "@dbintel/errors";
import { createTestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { ConcurrencyLimit } from "./concurrency-limit.ts";
import { Destination } from "./destination.ts";
import { sendWithRetry } from "./retry.ts";
import { retrySettings } from "./retry-settings.ts";

function scenario(settings: Parameters<typeof retrySettings.parse>[0], answers: readonly (Error | "ok" | "hang")[]) {
  const host = createTestHost();
  const controller = new AbortController();
  const startedMs: number[] = [];
  const checked = retrySettings.parse(settings);
  const limit = new ConcurrencyLimit({ most: 1, adaptive: true });
  const outcome = sendWithRetry({
    clock: host.clock,
    destination: "https://backend.example/v1/logs",
    random: host.random,
    settings: checked,
    entrance: new Destination({ host, settings: checked }).entrance("logs", limit),
    waitsFirst: true,
    timeoutMs: 1000,
    signal: controller.signal,
    run: async () => {
      const answer = answers[startedMs.length] ?? answers.at(-1);
      startedMs.push(host.clock.monotonicMs());
      if (answer === "hang") await new Promise(() => {});
      if (answer instanceof Error) throw answer;
    },
    onRetry: () => {},
  });
  return { clock: host.clock, controller, startedMs, outcome };
}

const busy = new RetryableError("busy");

describe("sendWithRetry", () => {
  it("waits longer before each attempt", async () => {
    const { clock, startedMs, outcome } = scenario({ randomization_factor: 0 }, [busy, busy, busy, "ok"]);
    await clock.advance(60_000);
    expect(await outcome).toEqual({ kind: "sent" });
    expect(startedMs).toEqual([0, 5000, 12_500, 23_750]);
  });

  it("waits as long as the destination asks when that is longer", async () => {
    const throttled = new RetryableError("slow down", { delayMs: 20_000 });
    const { clock, startedMs, outcome } = scenario({ randomization_factor: 0 }, [throttled, "ok"]);
    await clock.advance(60_000);
    expect((await outcome).kind).toBe("sent");
    expect(startedMs).toEqual([0, 20_000]);
  });

  it("takes back-pressure of the destination as a reason to wait", async () => {
    const refused = new RefusedError("full", { delayMs: 6000 });
    const { clock, startedMs, outcome } = scenario({ randomization_factor: 0 }, [refused, "ok"]);
    await clock.advance(60_000);
    expect((await outcome).kind).toBe("sent");
    expect(startedMs).toEqual([0, 6000]);
  });

  it("gives up before the attempt that would come too late", async () => {
    const settings = { randomization_factor: 0, max_elapsed_time: "30s" };
    const { clock, startedMs, outcome } = scenario(settings, [busy]);
    await clock.advance(300_000);
    expect(await outcome).toEqual({ kind: "failed", reason: "retries_exhausted", error: busy });
    expect(startedMs).toEqual([0, 5000, 12_500, 23_750]);
    expect(clock.pendingTimers).toBe(0);
  });

  it("gives up at once when the destination asks for more time than there is", async () => {
    const throttled = new RetryableError("come back in an hour", { delayMs: 3_600_000 });
    const { outcome } = scenario({}, [throttled]);
    expect(await outcome).toMatchObject({ kind: "failed", reason: "retries_exhausted" });
  });

  it("never gives up at max_elapsed_time 0", async () => {
    const settings = { randomization_factor: 0, max_elapsed_time: "0s" };
    const { clock, controller, startedMs, outcome } = scenario(settings, [busy]);
    await clock.advance(3_600_000);
    expect(startedMs.length).toBeGreaterThan(100);
    controller.abort(new RefusedError("stopping", { code: "DBI_SHUTTING_DOWN" }));
    expect(await outcome).toMatchObject({ kind: "failed", reason: "shutdown" });
    expect(clock.pendingTimers).toBe(0);
  });

  it("tries once when retries are off", async () => {
    const { startedMs, outcome } = scenario({ enabled: false }, [busy]);
    expect(await outcome).toMatchObject({ kind: "failed", reason: "retries_exhausted" });
    expect(startedMs).toEqual([0]);
  });

  it.each([
    [new PermanentError("bad data", { httpStatus: 400 }), "rejected"],
    [new PermanentError("too large", { httpStatus: 413 }), "too_large"],
    [new PermanentError("too large", { code: "DBI_TOO_LARGE" }), "too_large"],
    [new TypeError("a defect"), "internal_error"],
  ])("does not repeat after %s", async (error, reason) => {
    const { startedMs, outcome } = scenario({}, [error]);
    expect(await outcome).toMatchObject({ kind: "failed", reason });
    expect(startedMs).toEqual([0]);
  });

  it("does not repeat after a partial success", async () => {
    const error = new PartialError("2 rejected", { rejected: 2 });
    const { outcome } = scenario({}, [error]);
    expect(await outcome).toEqual({ kind: "partial", error });
  });

  it("calls an attempt that the signal ended no exhausted retry", async () => {
    const { controller, outcome } = scenario({ enabled: false }, ["hang"]);
    const stopping = new RefusedError("stopping", { code: "DBI_SHUTTING_DOWN" });
    controller.abort(stopping);
    expect(await outcome).toEqual({ kind: "failed", reason: "shutdown", error: stopping });
  });

  it("ends a wait with the reason of the signal", async () => {
    const { clock, controller, outcome } = scenario({}, [busy]);
    await clock.advance(1);
    const left = new RetryableError("left", { code: "DBI_ABORTED" });
    controller.abort(left);
    expect(await outcome).toEqual({ kind: "failed", reason: "shutdown", error: left });
  });
});
