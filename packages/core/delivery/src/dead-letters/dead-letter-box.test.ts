import { type Logs, logsBuilder } from "@dbintel/pdata";
import { FakeClock } from "@dbintel/pipeline/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journals } from "../../test/journals.ts";
import { DeadLetterBox, type DeadLetterEvent, openDeadLetterJournal } from "./dead-letter-box.ts";
import { letterId } from "./letter.ts";

const { signal } = new AbortController();

function logs(...bodies: readonly string[]): Logs {
  const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
  for (const body of bodies) builder.record({ body });
  return builder.build();
}

let journals: Journals;
let clock: FakeClock;
beforeEach(async () => {
  journals = await Journals.make();
  clock = new FakeClock();
});
afterEach(() => journals[Symbol.asyncDispose]());

async function opened(limits: { readonly maxBytes?: number; readonly maxAgeMs?: number } = {}) {
  const events: Partial<Record<DeadLetterEvent, number>> = {};
  const journal = await openDeadLetterJournal(journals, "otlp_http", { signal });
  const box = await DeadLetterBox.open(journal, {
    ...{ clock, maxBytes: limits.maxBytes ?? 1_000_000, maxAgeMs: limits.maxAgeMs ?? 0 },
    onEvent: (event, { items }) => {
      events[event] = (events[event] ?? 0) + items;
    },
  });
  const put = (batch: Logs, message = "no") =>
    box.put(
      {
        ...{ signal: "logs", items: batch.count, reason: "rejected", code: "DBI_REJECTED", httpStatus: 400, message },
        ...{ attempts: 2, trimmed: false },
      },
      batch.encode(),
    );
  return { box, put, events };
}

const bodiesIn = async (box: DeadLetterBox) => {
  const found: string[] = [];
  for (const { hash } of box.letters) {
    const { batch } = (await box.open(hash)) ?? {};
    if (batch?.signal === "logs") for (const { body } of batch.records()) found.push(String(body));
  }
  return found;
};

describe("the box of dead letters", () => {
  it("keeps letters and what is known of them over a restart", async () => {
    const first = await opened();
    await first.put(logs("a", "b"), "bad data");
    await first.put(logs("c"));
    await first.box.close();
    const second = await opened();
    expect(second.box.letters[0]).toEqual({
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      ...{ signal: "logs", items: 2, reason: "rejected", code: "DBI_REJECTED", httpStatus: 400, message: "bad data" },
      ...{ attempts: 2, trimmed: false, count: 1 },
      ...{ firstUnixMs: Number(clock.unixNano() / 1_000_000n), lastUnixMs: Number(clock.unixNano() / 1_000_000n) },
    });
    expect(await bodiesIn(second.box)).toEqual(["a", "b", "c"]);
    expect(second.box.letters.map(letterId)).toEqual(second.box.letters.map(({ hash }) => hash.slice(0, 12)));
    expect(second.events).toEqual({});
    await second.box.close();
  });

  it("keeps the same content once, with how often and when it came, over a restart too", async () => {
    const first = await opened();
    await first.put(logs("a"));
    await clock.advance(5000);
    await Promise.all([first.put(logs("a"), "still no"), first.put(logs("b")), first.put(logs("b"))]);
    expect(first.events).toEqual({ stored: 2, duplicate: 2 });
    await first.box.close();
    const { box } = await opened();
    const [a, b] = box.letters;
    expect(a).toMatchObject({ count: 2, attempts: 4, message: "still no" });
    expect((a?.lastUnixMs ?? 0) - (a?.firstUnixMs ?? 0)).toBe(5000);
    expect(b).toMatchObject({ count: 2 });
    await box.close();
  });

  it("lets the oldest leave when there is no room, and takes none that is larger than itself", async () => {
    const { box, put, events } = await opened({ maxBytes: 2000 });
    for (const body of ["a", "b", "c", "d"]) await put(logs(body.repeat(300)));
    expect((await bodiesIn(box)).map(([letter]) => letter)).toEqual(["b", "c", "d"].slice(-box.size));
    expect(box.bytes).toBeLessThanOrEqual(2000);
    expect(events.evicted).toBe(4 - box.size);
    expect(events.evicted).toBeGreaterThan(0);
    await expect(put(logs("e".repeat(3000)))).rejects.toMatchObject({ code: "DBI_TOO_LARGE" });
    await box.close();
  });

  it("removes what has not been seen again for longer than its age", async () => {
    const { box, put, events } = await opened({ maxAgeMs: 10_000 });
    await put(logs("old"));
    await put(logs("comes again"));
    await clock.advance(8000);
    await put(logs("comes again"));
    await clock.advance(8000);
    box.expire();
    expect(await bodiesIn(box)).toEqual(["comes again"]);
    expect(events).toMatchObject({ expired: 1 });
    await box.close();
  });

  it("forgets what was removed, in the next run too", async () => {
    const { box, put } = await opened();
    await put(logs("a"));
    await put(logs("b"));
    const [{ hash } = { hash: "" }] = box.letters;
    expect(box.remove(hash, "replayed")).toBe(true);
    expect(box.remove(hash, "replayed")).toBe(false);
    expect(await box.open(hash)).toBeUndefined();
    await box.close();
    const next = await opened();
    expect(await bodiesIn(next.box)).toEqual(["b"]);
    await next.box.close();
  });

  it("says when the disk does not take a letter, and takes the same one later", async () => {
    const { box, put, events } = await opened();
    journals.full = true;
    await expect(put(logs("a"))).rejects.toMatchObject({ code: "DBI_STORAGE" });
    expect(box.size).toBe(0);
    journals.full = false;
    await put(logs("a"));
    expect(events).toEqual({ stored: 1 });
    await box.close();
  });
});
