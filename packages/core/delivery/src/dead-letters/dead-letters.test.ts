import { PartialError, PermanentError, RetryableError } from "@dbintel/errors";
import { logsBuilder } from "@dbintel/pdata";
import { deadLetterDesks } from "@dbintel/pipeline";
import { createTestHost } from "@dbintel/pipeline/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Journals } from "../../test/journals.ts";
import { judged, lettersIn } from "../../test/judging-delivery.ts";
import { logs, type Settings, schema } from "../../test/running-delivery.ts";
import { createDelivery } from "../delivery.ts";

let journals: Journals;
beforeEach(async () => {
  journals = await Journals.make();
});
afterEach(() => journals[Symbol.asyncDispose]());

const bad = (...numbers: readonly number[]) => {
  const rejected = new Set(numbers.map((number) => `r${number}`));
  return (bodies: readonly string[]) => bodies.some((body) => rejected.has(body));
};
const rejected = new PermanentError("the answer was 400: write to jane.doe@example.com", { httpStatus: 400 });
const down = new RetryableError("away", { httpStatus: 503 });

const queues: readonly (readonly [string, Settings])[] = [
  ["in memory", {}],
  ["on disk", { sending_queue: { storage: "file_storage" } }],
];

describe.each(queues)("with a queue %s", (_where, settings) => {
  it("finds the records that are rejected for good, and delivers all others", async () => {
    const isBad = bad(3, 40);
    const run = await judged({ journals, settings, judge: (bodies) => (isBad(bodies) ? rejected : undefined) });
    await run.send(logs(64));
    await run.until(() => run.account().held === 0);
    expect(run.account()).toMatchObject({ sent: 62, dropped: { rejected: 2 } });
    expect(new Set(run.taken).size).toBe(62);
    // Two paths of six levels through a tree of halves.
    expect(run.requests).toBe(1 + 2 * (1 + 2 * 5));
    await run.stop();
    const letters = await lettersIn(journals);
    expect(letters.map(({ bodies }) => bodies)).toEqual([["r3"], ["r40"]]);
    expect(letters[0]).toMatchObject({
      ...{ signal: "logs", items: 1, reason: "rejected", code: "DBI_REJECTED", httpStatus: 400, count: 1 },
      ...{ attempts: 7, message: "the answer was 400: write to [REDACTED:email]" },
    });
  });

  it("finds the record at which the destination fails while it takes others", async () => {
    const isBad = bad(5);
    const run = await judged({ journals, settings, judge: (bodies) => (isBad(bodies) ? down : undefined) });
    await run.send(logs(16));
    let others = 0;
    const others10s = async () => {
      await run.send(logs(1, `other${others++} `));
      await run.until(() => true);
    };
    for (let turn = 0; turn < 60 && run.account().dropped.poison === undefined; turn++) {
      await others10s();
      await run.host.clock.advance(10_000);
    }
    await run.until(() => run.account().held === 0);
    expect(run.account()).toMatchObject({ sent: 15 + others, dropped: { poison: 1 } });
    await run.stop();
    const letters = await lettersIn(journals);
    expect(letters.map(({ bodies, reason }) => [bodies, reason])).toEqual([[["r5"], "poison"]]);
  });

  it("keeps a request whole that it cannot look into for its cost", async () => {
    const run = await judged({
      journals,
      settings: { ...settings, dead_letters: { storage: "file_storage", isolation_requests: 10 } },
      judge: () => rejected,
    });
    await run.send(logs(64));
    await run.until(() => run.account().held === 0);
    expect(run.requests).toBe(11);
    expect(run.account()).toMatchObject({ sent: 0, dropped: { rejected: 64 } });
    await run.stop();
    const letters = await lettersIn(journals);
    expect(letters.reduce((sum, { items }) => sum + items, 0)).toBe(64);
  });

  it("tries an item that alone is too large once more with its texts cut", async () => {
    const run = await judged({
      journals,
      settings,
      judge: (_, batch) => (batch.byteSize > 20_000 ? new PermanentError("too large", { httpStatus: 413 }) : undefined),
    });
    const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
    await run.send(builder.record({ body: "long ".repeat(10_000) }).build());
    await run.until(() => run.account().held === 0);
    expect(run.account()).toMatchObject({ sent: 1, dropped: {} });
    expect(run.taken[0]).toMatch(/^(?:long )+.*\.\.\.\[truncated\]$/);
    expect(run.requests).toBe(2);
    await run.stop();
    expect(await lettersIn(journals)).toEqual([]);
  });

  it("keeps an item whole that is too large even so", async () => {
    const tooLarge = new PermanentError("too large", { httpStatus: 413 });
    const run = await judged({ journals, settings, judge: (bodies) => (bodies[0] === "small" ? undefined : tooLarge) });
    const builder = logsBuilder().resource({ attributes: {} }).scope({ name: "test" });
    await run.send(
      builder
        .record({ body: "long ".repeat(2000) })
        .record({ body: "small" })
        .build(),
    );
    await run.until(() => run.account().held === 0);
    expect(run.account()).toMatchObject({ sent: 1, dropped: { too_large: 1 } });
    await run.stop();
    const [letter] = await lettersIn(journals);
    expect(letter).toMatchObject({ reason: "too_large", trimmed: true, attempts: 3 });
    expect(letter?.bodies).toEqual(["long ".repeat(2000)]);
  });

  it("takes personal data and secrets out before it keeps anything", async () => {
    const run = await judged({ journals, settings, judge: () => rejected });
    const attributes = {
      note: "card 4111 1111 1111 1111",
      password: "hunter2",
      phone: 4111111111111111n,
      "jane@example.com": "x",
    };
    const builder = logsBuilder()
      .resource({ attributes: { owner: "jane.doe@example.com" } })
      .scope({ name: "test" });
    await run.send(builder.record({ body: new Map([["mail", "ask jane.doe@example.com"]]), attributes }).build());
    await run.until(() => run.account().held === 0);
    await run.stop();
    const text = Buffer.from(await journals.content("otlp_http-dead_letters")).toString("latin1");
    expect(text).toContain("[REDACTED");
    expect(text).not.toMatch(/jane|hunter2|4111/);
  });

  it("counts and goes on when the disk does not take a letter", async () => {
    const run = await judged({
      journals,
      settings,
      judge: () => {
        journals.full = true;
        return rejected;
      },
    });
    await run.send(logs(1));
    await run.until(() => run.account().held === 0);
    expect(run.account()).toMatchObject({ dropped: { rejected: 1 } });
    expect(run.host.lines.some(({ message }) => message.includes("cannot be kept and is lost"))).toBe(true);
    journals.full = false;
    await run.stop();
    expect(await lettersIn(journals)).toEqual([]);
  });
});

it("does not take a destination that is down for one that cannot digest a record", async () => {
  let up = false;
  const run = await judged({ journals, judge: () => (up ? undefined : down) });
  for (let request = 0; request < 5; request++) await run.send(logs(4, `${request}-`));
  for (let minute = 0; minute < 4; minute++) await run.host.clock.advance(60_000);
  expect(run.account()).toMatchObject({ sent: 0, dropped: {}, held: 20 });
  up = true;
  await run.until(() => run.account().held === 0);
  expect(run.account()).toMatchObject({ sent: 20, dropped: {} });
  await run.stop();
  expect(await lettersIn(journals)).toEqual([]);
});

it("looks into a request whose retries are exhausted, though nothing else was there to be taken", async () => {
  const isBad = bad(5);
  const run = await judged({ journals, judge: (bodies) => (isBad(bodies) ? down : undefined) });
  await run.send(logs(16));
  await run.until(() => run.account().held === 0);
  expect(run.account()).toMatchObject({ sent: 15, dropped: { poison: 1 } });
  await run.stop();
  expect((await lettersIn(journals)).map(({ bodies }) => bodies)).toEqual([["r5"]]);
});

it("keeps what was rejected of a request that was taken only where that is all of it", async () => {
  let all = true;
  const run = await judged({ journals, judge: () => new PartialError("some", { rejected: all ? 2 : 1 }) });
  await run.send(logs(2, "all"));
  await run.until(() => run.account().held === 0);
  all = false;
  await run.send(logs(2, "one"));
  await run.until(() => run.account().held === 0);
  expect(run.account()).toMatchObject({ sent: 1, dropped: { rejected: 3 } });
  await run.stop();
  expect((await lettersIn(journals)).map(({ bodies }) => bodies)).toEqual([["all0", "all1"]]);
});

it("keeps whole what a destination refuses for the collector's key, where a queue in memory cannot wait", async () => {
  const run = await judged({ journals, judge: () => new PermanentError("no such key", { httpStatus: 403 }) });
  await run.send(logs(8));
  await run.until(() => run.account().held === 0);
  expect(run.requests).toBe(1);
  await run.stop();
  expect(await lettersIn(journals)).toMatchObject([{ items: 8, reason: "rejected", httpStatus: 403 }]);
});

it.each(queues)("shows, sends again and removes letters while it runs, with a queue %s", async (_where, settings) => {
  let refuses = true;
  const run = await judged({ journals, settings, judge: () => (refuses ? rejected : undefined) });
  const desk = run.host.shared(deadLetterDesks).get("otlp_http");
  if (desk === undefined) throw new Error("no desk");
  for (const prefix of ["taken", "kept", "removed"]) {
    await run.send(logs(1, prefix));
    await run.until(() => run.account().held === 0);
  }
  const [first = "", second = "", third = ""] = desk.letters().map((letter) => String(letter.content_sha256));
  expect(desk.letters()).toMatchObject([{ exporter: "otlp_http", items: 1, http_status: 400, seen: 1 }, {}, {}]);
  expect((await desk.open(second))?.batch.count).toBe(1);
  expect(desk.remove(third)).toBe(true);
  expect(desk.remove(third)).toBe(false);
  expect(await desk.replay(third)).toBe(false);
  // What is rejected once more is a letter again.
  expect(await desk.replay(second)).toBe(true);
  await run.until(() => run.account().held === 0 && desk.letters().length === 2);
  refuses = false;
  expect(await desk.replay(first)).toBe(true);
  await run.until(() => run.account().held === 0);
  expect(run.taken).toEqual(["taken0"]);
  expect(run.account()).toMatchObject({ received: 2, sent: 1, dropped: { rejected: 4 } });
  await run.stop();
  expect(run.host.shared(deadLetterDesks).size).toBe(0);
  expect((await lettersIn(journals)).map(({ bodies }) => bodies)).toEqual([["kept0"]]);
});

it("keeps a letter that the queue does not take, and gives its items back in the account", async () => {
  const settings = { sending_queue: { queue_size: 1 }, retry_on_failure: { max_elapsed_time: "0s" } };
  let answer: Error | undefined = rejected;
  const run = await judged({ journals, settings, judge: () => answer });
  await run.send(logs(1));
  await run.until(() => run.account().held === 0);
  const desk = run.host.shared(deadLetterDesks).get("otlp_http");
  const letter = String(desk?.letters()[0]?.content_sha256);
  answer = down;
  await run.send(logs(1, "in the way"));
  await expect(desk?.replay(letter)).rejects.toMatchObject({ code: "DBI_QUEUE_FULL" });
  expect(desk?.letters()).toHaveLength(1);
  const { received, refused } = run.host.accounting.of("logs");
  expect([received, refused]).toEqual([1, 1]);
  await run.stop(AbortSignal.abort());
});

it.each([
  [{ sending_queue: { enabled: false } }, "needs a queue that answers before"],
  [{ sending_queue: { wait_for_result: true } }, "needs a queue that answers before"],
  [{ dead_letters: { storage: "elsewhere" } }, 'dead_letters.storage names the extension "elsewhere"'],
])("does not start with %j", (settings, message) => {
  const host = createTestHost({ extensions: new Map([["file_storage", journals]]) });
  const config = schema.parse({ dead_letters: { storage: "file_storage" }, ...settings });
  expect(() => createDelivery({ id: "x", host, config, sender: { send: async () => {} } })).toThrow(message);
});
