import { expect, it } from "vitest";
import { Places } from "./places.ts";

const never = new AbortController().signal;

it("lets so many at a time, the others in their order, and whoever waits may leave", async () => {
  const places = new Places(2);
  const running: { readonly name: string; readonly end: () => void }[] = [];
  const names = () => running.map(({ name }) => name);
  const enter = (name: string, signal = never) =>
    places.take(signal, () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      running.push({ name, end: resolve });
      return promise;
    });
  const impatient = new AbortController();
  const all = [enter("a"), enter("b"), enter("c", impatient.signal), enter("d")];
  await Promise.resolve();
  expect(names()).toEqual(["a", "b"]);
  impatient.abort(new Error("enough"));
  await expect(all[2]).rejects.toThrow("enough");
  running[0]?.end();
  await all[0];
  expect(names()).toEqual(["a", "b", "d"]);
  for (const { end } of running) end();
  await Promise.all([all[1], all[3]]);
  await expect(places.take(AbortSignal.abort(new Error("too late")), async () => {})).rejects.toThrow("too late");
  expect(await places.take(never, async () => "free again")).toBe("free again");
});

it("gives a place free when the work fails", async () => {
  const places = new Places(1);
  await expect(places.take(never, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(await places.take(never, async () => "next")).toBe("next");
});
