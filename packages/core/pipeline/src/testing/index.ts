export { FakeClock, settle } from "./fake-clock.ts";
export { Sink } from "./sink.ts";
export type { LoggedLine, TestHost } from "./test-host.ts";
export { createTestHost, seededRandom } from "./test-host.ts";
