export { connectorGraph } from "./connector-graph.ts";
export { FakeClock, settle } from "./fake-clock.ts";
export { MemoryStorage } from "./memory-storage.ts";
export { readmeSettings } from "./readme-settings.ts";
export { Sink } from "./sink.ts";
export type { SeenEvent, SeenPoint } from "./telemetry.ts";
export { eventsOf, pointsOf } from "./telemetry.ts";
export type { LoggedLine, TestHost, TestHostOptions } from "./test-host.ts";
export { createTestHost, seededRandom } from "./test-host.ts";
