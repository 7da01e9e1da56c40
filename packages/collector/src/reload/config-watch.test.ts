import { FakeClock } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { ConfigWatch } from "./config-watch.ts";

it("tells of a change once, when two looks have found the same", async () => {
  const clock = new FakeClock();
  let content = "a";
  const changes: string[] = [];
  const onChange = () => void changes.push(content);
  const watch = new ConfigWatch({ clock, intervalMs: 1000, known: "a", look: () => content, onChange });
  watch.start();
  await clock.advance(3000);
  expect(changes).toEqual([]);
  content = "half";
  await clock.advance(1000);
  content = "whole";
  await clock.advance(1000);
  expect(changes).toEqual([]);
  await clock.advance(3000);
  expect(changes).toEqual(["whole"]);
  content = "for a moment";
  await clock.advance(1000);
  content = "whole";
  await clock.advance(3000);
  expect(changes).toEqual(["whole"]);
  watch.stop();
  expect(clock.pendingTimers).toBe(0);
});
