import { PartialError, RefusedError } from "@dbintel/errors";
import { FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { attempt } from "./attempt.ts";

const destination = "https://backend.example/v1/logs";
const never = new AbortController().signal;
const hang = () => new Promise<void>(() => {});

describe("attempt", () => {
  it("leaves no timer behind", async () => {
    const clock = new FakeClock();
    await attempt({ clock, destination, timeoutMs: 1000, signal: never, run: async () => {} });
    expect(clock.pendingTimers).toBe(0);
  });

  it("ends a run that ignores its signal when time is up", async () => {
    const clock = new FakeClock();
    const result = expect(
      attempt({ clock, destination, timeoutMs: 1000, signal: never, run: hang }),
    ).rejects.toMatchObject({
      kind: "retryable",
      code: "DBI_TIMEOUT",
      message: "no answer from https://backend.example/v1/logs within 1 s",
      hint: expect.stringContaining("raise `timeout`"),
    });
    await clock.advance(1000);
    await result;
  });

  it("aborts the signal of a run that honours it", async () => {
    const clock = new FakeClock();
    let aborted = false;
    const run = (signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener("abort", () => {
          aborted = true;
          reject(new Error("socket closed"));
        });
      });
    const result = expect(attempt({ clock, destination, timeoutMs: 5, signal: never, run })).rejects.toMatchObject({
      code: "DBI_TIMEOUT",
    });
    await clock.advance(5);
    await result;
    expect(aborted).toBe(true);
  });

  it("has no limit at 0", async () => {
    const clock = new FakeClock();
    const controller = new AbortController();
    const result = attempt({ clock, destination, timeoutMs: 0, signal: controller.signal, run: hang });
    expect(clock.pendingTimers).toBe(0);
    controller.abort(new RefusedError("stop", { code: "DBI_SHUTTING_DOWN" }));
    await expect(result).rejects.toMatchObject({ code: "DBI_SHUTTING_DOWN" });
  });

  it("does not begin when the signal is aborted already", async () => {
    let ran = false;
    const signal = AbortSignal.abort(new RefusedError("stop", { code: "DBI_SHUTTING_DOWN" }));
    const run = async () => {
      ran = true;
    };
    await expect(attempt({ clock: new FakeClock(), destination, timeoutMs: 0, signal, run })).rejects.toMatchObject({
      code: "DBI_SHUTTING_DOWN",
    });
    expect(ran).toBe(false);
  });

  it("passes typed errors on and takes others as defects", async () => {
    const clock = new FakeClock();
    const options = { clock, destination, timeoutMs: 10, signal: never };
    const partial = new PartialError("3 rejected", { rejected: 3 });
    await expect(attempt({ ...options, run: () => Promise.reject(partial) })).rejects.toBe(partial);
    const run = () => {
      throw new TypeError("oops");
    };
    await expect(attempt({ ...options, run })).rejects.toMatchObject({ kind: "permanent", code: "DBI_INTERNAL" });
    expect(clock.pendingTimers).toBe(0);
  });
});
