import { defineProcessor } from "@dbintel/pipeline";
import { nrErrorMonitorConfig } from "./config.ts";
import { NrErrorMonitor } from "./nr-error-monitor.ts";

/** The processor `nr_error_monitor`: finds what New Relic would not store before it is sent, and reads what it reports. */
export const nrErrorMonitor = defineProcessor({
  type: "nr_error_monitor",
  aliases: ["nrerrormonitor"],
  description: "Finds, reports and mends what New Relic would not store, and reads what it says of the rest.",
  signals: { logs: "alpha", metrics: "alpha", traces: "alpha" },
  schema: nrErrorMonitorConfig,
  create: (args) => new NrErrorMonitor(args),
});
