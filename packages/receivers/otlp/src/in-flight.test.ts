import { describe, expect, it } from "vitest";
import { InFlight } from "./in-flight.ts";

const busy = expect.objectContaining({ status: 503, headers: { "retry-after": "1" } });

describe("InFlight", () => {
  it("lets in as many requests as it may", () => {
    const inFlight = new InFlight({ maxRequests: 2, maxBytes: 10 });
    const first = inFlight.enter();
    inFlight.enter();
    expect(() => inFlight.enter()).toThrow(busy);
    first.release();
    inFlight.enter();
    expect(inFlight.requests).toBe(2);
  });

  it("shares one budget of bytes and takes none of a request that does not fit", () => {
    const inFlight = new InFlight({ maxRequests: 9, maxBytes: 10 });
    const first = inFlight.enter();
    const second = inFlight.enter();
    first.take(6);
    second.take(4);
    expect(() => second.take(1)).toThrow(busy);
    expect(inFlight.bytes).toBe(10);
    first.giveBack(5);
    second.take(5);
    expect(inFlight.bytes).toBe(10);
  });

  it("gets everything back once, however often a lease is released", () => {
    const inFlight = new InFlight({ maxRequests: 9, maxBytes: 10 });
    const lease = inFlight.enter();
    lease.take(7);
    lease.giveBack(2);
    lease.release();
    lease.release();
    expect([inFlight.requests, inFlight.bytes]).toEqual([0, 0]);
  });
});
