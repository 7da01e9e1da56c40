import { duration } from "@dbintel/config";
import { z } from "zod";

/** The setting `checkpoint`: what is remembered of the last poll over a restart of the collector. */
export const checkpointSettings = z
  .strictObject({
    max_age: duration()
      .prefault("1h")
      .describe(
        "After a restart the first poll tells what happened since the last one, unless that is longer ago; 0s for never",
      ),
  })
  .prefault({});
