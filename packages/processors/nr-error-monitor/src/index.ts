export { nrErrorMonitor } from "./component.ts";
export type { NrErrorMonitorConfig } from "./config.ts";
