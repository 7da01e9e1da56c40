import { afterEach, beforeEach, expect, it } from "vitest";
import type { Component } from "../../component.ts";
import type { TestHost } from "../test-host.ts";

const never = new AbortController().signal;

/** A component on a host of its own. */
export interface Mounted<C extends Component = Component> {
  readonly component: C;
  readonly host: TestHost;
  /** Closes what the component needed around it. */
  readonly release?: () => Promise<void>;
}

/** Handles that a component may open and has to close; timers of the test runner come and go beside them. */
const watched = /^(TCP|TLS|UDP|Pipe|Process|FSEvent|StatWatcher|Worker|MessagePort)/;

function openHandles(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((resource) => watched.test(resource))
    .toSorted();
}

/** Every test of a suite that calls this must leave no handle that was not there before it. */
export function expectNoHandleLeft(): void {
  let before: readonly string[] = [];
  beforeEach(() => {
    before = openHandles();
  });
  afterEach(async () => {
    // A socket is gone a few turns of the event loop after it was closed: one of an earlier test may be in `before`.
    const left = () => without(openHandles(), before);
    await expect.poll(left, { message: "a handle was left open" }).toEqual([]);
  });
}

/** What is in `all` more often than in `some`. */
function without(all: readonly string[], some: readonly string[]): readonly string[] {
  const rest = [...all];
  for (const one of some) if (rest.includes(one)) rest.splice(rest.indexOf(one), 1);
  return rest;
}

/** The part of the contract that all components share. */
export function itLivesAndDies(mount: () => Promise<Mounted>): void {
  it.each([
    ["starts, stops, and starts again", ["start", "stop", "start", "stop"], never],
    ["takes a second start and a second stop for nothing", ["start", "start", "stop", "stop"], never],
    ["can be stopped before it was started", ["stop", "start", "stop"], never],
    ["stops when the deadline has passed already", ["start", "stop"], AbortSignal.abort(new Error("too late"))],
  ] as const)("%s", async (_title, steps, deadline) => {
    const { component, host, release } = await mount();
    try {
      for (const step of steps) await component[step]({ signal: step === "stop" ? deadline : never });
      expect(host.clock.pendingTimers, "timers after stop").toBe(0);
    } finally {
      await release?.();
    }
  });
}
