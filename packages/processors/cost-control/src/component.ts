import { defineProcessor } from "@dbintel/pipeline";
import { costControlConfig } from "./config.ts";
import { CostControl } from "./cost-control.ts";

/** The processor `cost_control`: keeps what passes within a budget of money and bytes. */
export const costControl = defineProcessor({
  type: "cost_control",
  aliases: ["costcontrol"],
  description: "Keeps telemetry within a budget of money and bytes, step by step, and says what each step saves.",
  signals: { logs: "beta", metrics: "beta", traces: "beta" },
  schema: costControlConfig,
  create: (args) => new CostControl(args),
});
