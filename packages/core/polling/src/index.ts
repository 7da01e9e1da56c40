export type { Poller, PollerOptions, PollResult } from "./poller.ts";
export { createPoller } from "./poller.ts";
export type { Problems } from "./problem-board.ts";
export { ProblemBoard } from "./problem-board.ts";
export { interval, pollingSettings } from "./settings.ts";
