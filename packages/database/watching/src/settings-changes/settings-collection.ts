import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `settings_collection`. */
export const settingsCollection = z.strictObject({
  collection_interval: interval("60s").describe("Time between two looks at the server's settings"),
});
