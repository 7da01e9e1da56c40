import { createTestHost } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { Lease } from "./lease.ts";
import type { LeaseLock } from "./lease-lock.ts";

const intervalMs = 10_000;
const { signal } = new AbortController();

/** A server with one lock, which it gives to one session and takes back when that was silent for the lease's lifetime. */
function serverWithLock() {
  const host = createTestHost();
  const server = {
    session: 1,
    answers: true,
    heldBy: undefined as number | undefined,
    heardMs: 0,
    lifetimeMs: 0,
    /** Whether the lock is free for others. */
    get free(): boolean {
      return server.heldBy === undefined || host.clock.monotonicMs() >= server.heardMs + server.lifetimeMs;
    },
  };
  const ask = () => {
    if (!server.answers) throw new Error("no answer");
    server.heardMs = host.clock.monotonicMs();
  };
  const lock: LeaseLock = {
    get session() {
      return server.session;
    },
    confirmedMs: undefined,
    async take(lifetimeMs) {
      ask();
      if (server.heldBy !== undefined && server.heldBy !== server.session) return false;
      server.lifetimeMs = lifetimeMs;
      server.heldBy = server.session;
      return true;
    },
    async holds() {
      ask();
      return server.heldBy === server.session;
    },
  };
  let begun = 0;
  const lease = new Lease({ host, endpoint: "db:1", lock, intervalMs, onBegin: () => void begun++ });
  return { host, server, lease, begun: () => begun, messages: () => host.lines.map(({ message }) => message) };
}

describe("Lease", () => {
  it("is over for its holder before the server gives the lock to another", async () => {
    const { host, server, lease } = serverWithLock();
    await lease.poll({ signal });
    expect(lease.term).toBe(1);
    server.answers = false;
    await expect(lease.poll({ signal })).rejects.toThrow("no answer");
    let elapsedMs = 0;
    for (; lease.term !== undefined; elapsedMs += 100) {
      expect(server.free).toBe(false);
      await host.clock.advance(100);
    }
    expect(server.free).toBe(false);
    expect(elapsedMs).toBeGreaterThan(intervalMs / 2);
    await host.clock.advance(intervalMs);
    expect(server.free).toBe(true);
  });

  it("goes on as long as it is renewed", async () => {
    const { host, lease, begun } = serverWithLock();
    for (let renewal = 0; renewal < 20; renewal++) {
      await lease.poll({ signal });
      expect(lease.term).toBe(1);
      await host.clock.advance(intervalMs / 3);
    }
    expect(begun()).toBe(1);
  });

  it("is another one in another session, and says so", async () => {
    const { server, lease, begun, messages } = serverWithLock();
    await lease.poll({ signal });
    server.session = 2;
    expect(lease.term).toBeUndefined();
    server.heldBy = undefined;
    await lease.poll({ signal });
    expect(lease.term).toBe(2);
    expect(begun()).toBe(2);
    expect(messages()).toEqual([
      "holds the lease of db:1 and polls it",
      "has lost the lease of db:1 and polls it no more",
      "holds the lease of db:1 and polls it",
    ]);
  });

  it("is none while another session has the lock, and says that once", async () => {
    const { server, lease, begun, messages } = serverWithLock();
    server.heldBy = 7;
    await lease.poll({ signal });
    await lease.poll({ signal });
    expect(lease.term).toBeUndefined();
    expect(messages()).toEqual(["stands by for db:1: another collector polls it, or none can"]);
    server.heldBy = undefined;
    await lease.poll({ signal });
    expect([lease.term, begun()]).toEqual([1, 1]);
  });
});
