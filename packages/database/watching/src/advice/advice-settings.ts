import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `advice_collection`. */
export const adviceCollection = z.strictObject({
  collection_interval: interval("1h").describe("Time between two looks at a database for what could be better"),
});
