import { RefusedError, RetryableError } from "@dbintel/errors";
import { describe, expect, it } from "vitest";
import { Suspicion } from "./suspicion.ts";

const busy = new RetryableError("busy", { httpStatus: 503 });

function watched(tries: number) {
  let delivered = 0;
  const suspicion = new Suspicion({ tries, delivered: () => delivered });
  return {
    fail: (error: RetryableError | RefusedError = busy) => suspicion.failed(error),
    deliver: () => {
      delivered++;
    },
  };
}

describe("suspicion", () => {
  it("falls on what fails again and again while others are taken", () => {
    const { fail, deliver } = watched(3);
    const verdicts = [1, 2, 3].map(() => {
      deliver();
      return fail();
    });
    expect(verdicts).toEqual([false, false, true]);
  });

  it("never falls on anything while the destination takes nothing", () => {
    const { fail, deliver } = watched(2);
    for (let failure = 0; failure < 100; failure++) expect(fail()).toBe(false);
    deliver();
    expect(fail()).toBe(false);
    for (let failure = 0; failure < 100; failure++) expect(fail()).toBe(false);
    deliver();
    expect(fail()).toBe(true);
  });

  it("takes an answer that is about the rate for no fault of the content", () => {
    const { fail, deliver } = watched(1);
    deliver();
    expect(fail(new RetryableError("slow down", { httpStatus: 429 }))).toBe(false);
    expect(fail(new RefusedError("full"))).toBe(false);
    expect(fail()).toBe(true);
  });
});
