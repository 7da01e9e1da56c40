import { interval } from "@dbintel/polling";
import { budgetSettings } from "../budget/budget-settings.ts";
import { leaseSettings } from "../lease/lease-settings.ts";
import { circuitBreaker } from "./breaker-settings.ts";
import { checkpointSettings } from "./checkpoint-settings.ts";

/** The settings of how a server is watched, to be spread into a schema: they are the same whatever the database is. */
export const watchSettings = {
  statement_timeout: interval("5s").describe("The server gives up any statement of the receiver after this"),
  budget: budgetSettings.describe("What the collector may cost the server"),
  high_availability: leaseSettings.describe("Several collectors that watch the server, one of which polls"),
  checkpoint: checkpointSettings.describe("What is remembered over a restart; needs the extension file_storage"),
  circuit_breaker: circuitBreaker.describe("When the server is left alone, and how polls come back"),
};
