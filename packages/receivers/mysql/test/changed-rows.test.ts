import { beforeEach, describe, expect, it } from "vitest";
import { DigestModel, ModelWatch } from "./digest-model.ts";

const minuteMicros = 60_000_000n;
const keys = 100;
/** The row of what the receiver asks has changed whenever it looks. */
const own = 1;

describe("the readings of the summary", () => {
  let model: DigestModel;
  let watch: ModelWatch;

  beforeEach(async () => {
    model = new DigestModel({ room: 1000, seenPrecision: 1n });
    watch = new ModelWatch(model);
    for (let key = 0; key < keys; key++) model.execute(key, 5n, 5n);
    for (let poll = 0; poll < 2; poll++) {
      await watch.poll();
      model.pass(minuteMicros);
    }
  });

  /** The calls of others that a poll tells. */
  async function told(): Promise<readonly bigint[]> {
    return (await watch.poll()).flatMap(({ calls, isOwn }) => (isOwn ? [] : [calls]));
  }

  it("have all rows at first, and again while all are so young that the summary may have been emptied unseen", async () => {
    const late = new ModelWatch(model);
    await late.poll();
    expect(late.rowsRead).toEqual([keys + own]);
    model.empty();
    model.execute(7, 3n, 3n);
    watch = new ModelWatch(model);
    await watch.poll();
    model.pass(minuteMicros);
    expect(await told()).toEqual([]);
    expect(watch.rowsRead).toEqual([1 + own, 1 + own]);
  });

  it("leave quiet statements alone", async () => {
    expect(await told()).toEqual([]);
    expect(watch.rowsRead).toEqual([own]);
    model.pass(minuteMicros);
    model.execute(7, 3n, 3n);
    model.execute(keys, 2n, 2n);
    model.pass(minuteMicros);
    expect(await told()).toEqual([3n, 2n]);
    expect(watch.rowsRead).toEqual([2 + own]);
    model.pass(minuteMicros);
    model.execute(keys, 4n, 4n);
    expect(await told()).toEqual([4n]);
    expect(watch.rowsRead).toEqual([1 + own]);
  });

  it("show again what changed just before the reading before, of which that may have seen a part", async () => {
    model.execute(7, 3n, 3n);
    await watch.poll();
    expect(await told()).toEqual([]);
    expect(watch.rowsRead).toEqual([1 + own]);
  });

  it.each([
    { minutes: 1n, later: 1 + own },
    { minutes: 60n, later: 1 + own },
    { minutes: -1n, later: 1 + own },
    // All but the one that has run since were seen last at a moment that is still to come.
    { minutes: -60n, later: keys - 1 + own },
  ])("have all rows when the server's clock was set by $minutes minutes", async ({ minutes, later }) => {
    model.setClock(minutes * minuteMicros);
    model.execute(7, 3n, 3n);
    model.pass(minuteMicros);
    expect(await told()).toEqual([3n]);
    expect(watch.rowsRead).toEqual([keys + own]);
    model.pass(minuteMicros);
    model.execute(8, 2n, 2n);
    expect(await told()).toEqual([2n]);
    expect(watch.rowsRead).toEqual([later]);
  });

  it("miss nothing when it was set by less than can be noticed", async () => {
    model.execute(7, 3n, 3n);
    await watch.poll();
    model.setClock(-1_900_000n);
    model.execute(8, 2n, 2n);
    expect(await told()).toEqual([2n]);
    expect(watch.rowsRead).toEqual([2 + own]);
  });

  it("tell late, and not wrong, what ran while it was set to and fro", async () => {
    model.setClock(-60n * minuteMicros);
    model.execute(7, 3n, 3n);
    model.setClock(60n * minuteMicros);
    expect(await told()).toEqual([]);
    expect(watch.rowsRead).toEqual([own]);
    model.pass(minuteMicros);
    model.execute(7, 1n, 1n);
    expect(await told()).toEqual([4n]);
  });

  it("have all rows when somebody has emptied the summary, and a known statement shows it", async () => {
    model.empty();
    for (const key of [7, 8]) model.execute(key, 9n, 9n);
    expect(await told()).toEqual([9n, 9n]);
    expect(watch.rowsRead).toEqual([2 + own, 2 + own]);
  });

  it.each([
    ["after a new session", keys + own, () => model.reconnect()],
    ["after a restart of the server", 1 + own, () => model.restart(1n)],
    ["when what was read is forgotten", keys + own, () => watch.forget()],
  ])("have all rows %s", async (_, rows, disturb) => {
    disturb();
    model.execute(7, 3n, 3n);
    await watch.poll();
    expect(watch.rowsRead).toEqual([rows]);
    model.pass(minuteMicros);
    await watch.poll();
    model.pass(minuteMicros);
    model.execute(7, 3n, 3n);
    expect(await told()).toEqual([3n]);
    expect(watch.rowsRead).toEqual([1 + own]);
  });

  it("have all rows each 60th time", async () => {
    const read: (readonly number[])[] = [];
    for (let poll = 0; poll < 61; poll++) {
      await watch.poll();
      read.push(watch.rowsRead);
      model.pass(minuteMicros);
    }
    expect(read.flatMap(([rows], poll) => (rows === keys + own ? [poll] : []))).toEqual([59]);
  });

  it("do not go on from one that was lost", async () => {
    model.execute(7, 3n, 3n);
    await watch.peek();
    model.pass(minuteMicros);
    model.execute(8, 2n, 2n);
    expect(await told()).toEqual([3n, 2n]);
    expect(watch.rowsRead).toEqual([2 + own]);
  });
});
