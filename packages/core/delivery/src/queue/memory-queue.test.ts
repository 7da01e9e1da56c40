import { describe, expect, it } from "vitest";
import { MemoryQueue } from "./memory-queue.ts";

const never = new AbortController().signal;

function entry(size: number) {
  return { size };
}

function queueOf(capacity: number, blockOnOverflow = false) {
  return new MemoryQueue<{ readonly size: number }>({ capacity, blockOnOverflow, refusedDelayMs: 1000 });
}

/** What a promise did so far: "waiting" after every callback that was ready has run. */
async function stateOf(promise: Promise<unknown>): Promise<string> {
  const outcome = promise.then(
    () => "resolved",
    () => "rejected",
  );
  await new Promise((resolve) => setImmediate(resolve));
  return Promise.race([outcome, Promise.resolve("waiting")]);
}

describe("MemoryQueue", () => {
  it("gives entries out in their order", async () => {
    const queue = queueOf(10);
    const entries = [entry(1), entry(2), entry(3)];
    for (const one of entries) await queue.put(one, { signal: never });
    expect(queue.size).toBe(6);
    for (const one of entries) expect(await queue.take()).toBe(one);
  });

  it("counts what is taken until it is done", async () => {
    const queue = queueOf(10);
    await queue.put(entry(10), { signal: never });
    const taken = await queue.take();
    await expect(queue.put(entry(1), { signal: never })).rejects.toMatchObject({
      kind: "refused",
      code: "DBI_QUEUE_FULL",
      delayMs: 1000,
    });
    if (taken !== undefined) queue.done(taken);
    await queue.put(entry(1), { signal: never });
    expect(queue.size).toBe(1);
  });

  it("refuses for good what can never fit", async () => {
    await expect(queueOf(10, true).put(entry(11), { signal: never })).rejects.toMatchObject({
      kind: "permanent",
      code: "DBI_TOO_LARGE",
    });
  });

  it("hands an entry to a taker that waits", async () => {
    const queue = queueOf(10);
    const taking = queue.take();
    const one = entry(1);
    await queue.put(one, { signal: never });
    expect(await taking).toBe(one);
  });

  it("keeps the entry when the taker gave up", async () => {
    const queue = queueOf(10);
    const controller = new AbortController();
    const taking = queue.take({ signal: controller.signal });
    controller.abort();
    expect(await taking).toBeUndefined();
    const one = entry(1);
    await queue.put(one, { signal: never });
    expect(await queue.take()).toBe(one);
  });

  it("lets nobody overtake a caller that waits for room", async () => {
    const queue = queueOf(10, true);
    const first = entry(8);
    await queue.put(first, { signal: never });
    const large = queue.put(entry(5), { signal: never });
    const small = queue.put(entry(1), { signal: never });
    expect(await stateOf(large)).toBe("waiting");
    expect(await stateOf(small)).toBe("waiting");
    queue.done(first);
    await Promise.all([large, small]);
    expect(queue.size).toBe(6);
  });

  it("lets the next caller in when the first one leaves", async () => {
    const queue = queueOf(10, true);
    await queue.put(entry(8), { signal: never });
    const controller = new AbortController();
    const large = queue.put(entry(5), controller);
    const small = queue.put(entry(2), { signal: never });
    controller.abort();
    await expect(large).rejects.toMatchObject({ kind: "refused", code: "DBI_ABORTED" });
    await small;
    expect(queue.size).toBe(10);
  });

  it("does not wait for a caller that had left before", async () => {
    const queue = queueOf(1, true);
    await queue.put(entry(1), { signal: never });
    await expect(queue.put(entry(1), { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "DBI_ABORTED" });
  });

  it("gives out what is left after close, then nothing", async () => {
    const queue = queueOf(2, true);
    const one = entry(2);
    await queue.put(one, { signal: never });
    const blocked = queue.put(entry(1), { signal: never });
    queue.close();
    await expect(blocked).rejects.toMatchObject({ code: "DBI_SHUTTING_DOWN" });
    await expect(queue.put(entry(0), { signal: never })).rejects.toMatchObject({ code: "DBI_SHUTTING_DOWN" });
    expect(await queue.take()).toBe(one);
    expect(await queue.take()).toBeUndefined();
  });

  it("tells takers that wait when it closes", async () => {
    const queue = queueOf(2);
    const taking = queue.take();
    queue.close();
    expect(await taking).toBeUndefined();
  });

  it("gives an entry back only while nobody has it", async () => {
    const queue = queueOf(10);
    const one = entry(1);
    await queue.put(one, { signal: never });
    expect(queue.remove(one)).toBe(true);
    queue.done(one);
    expect(queue.size).toBe(0);
    await queue.put(one, { signal: never });
    await queue.take();
    expect(queue.remove(one)).toBe(false);
  });
});
