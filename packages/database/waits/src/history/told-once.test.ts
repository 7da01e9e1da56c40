import { expect, it } from "vitest";
import { ToldOnce } from "./told-once.ts";

it("tells once what lasts, again what comes back, and again what was not taken", () => {
  const once = new ToldOnce<string>((name) => name);
  expect(once.look(["a"]).fresh).toEqual(["a"]);
  once.recall(once.look(["a", "a"]).told);
  const second = once.look(["a", "b"]);
  expect(second.fresh).toEqual(["b"]);
  once.recall(second.told);
  once.recall(once.look(["b"]).told);
  expect(once.look(["a", "b"]).fresh).toEqual(["a"]);
});
