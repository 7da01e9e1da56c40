import { expect, it } from "vitest";
import { Turn } from "./turn.ts";

const never = new AbortController().signal;

it("lets one after the other, in the order of asking, whatever becomes of them", async () => {
  const turn = new Turn();
  const said: string[] = [];
  const began = Promise.withResolvers<void>();
  const first = Promise.withResolvers<void>();
  const works = [
    turn.take(never, async () => {
      began.resolve();
      await first.promise;
      said.push("first ends");
      throw new Error("failed");
    }),
    turn.take(never, async () => said.push("second")),
  ];
  await began.promise;
  said.push("first works");
  first.resolve();
  const outcomes = await Promise.allSettled(works);
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
  expect(said).toEqual(["first works", "first ends", "second"]);
});

it("is left by who gives up waiting, and nobody passes who works", async () => {
  const turn = new Turn();
  const said: string[] = [];
  const first = Promise.withResolvers<void>();
  const working = turn.take(never, () => first.promise);
  const impatient = new AbortController();
  const waiting = turn.take(impatient.signal, async () => said.push("impatient"));
  const last = turn.take(never, async () => said.push("last"));
  impatient.abort(new Error("too long"));
  await expect(waiting).rejects.toThrow("too long");
  said.push("given up");
  first.resolve();
  await Promise.all([working, last]);
  expect(said).toEqual(["given up", "last"]);
});

it("runs nothing for who has given up before", async () => {
  const turn = new Turn();
  await expect(turn.take(AbortSignal.abort(new Error("over")), async () => 1)).rejects.toThrow("over");
  expect(await turn.take(never, async () => 2)).toBe(2);
});
