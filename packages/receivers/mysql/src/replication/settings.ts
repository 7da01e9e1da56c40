import { interval } from "@dbintel/polling";
import { z } from "zod";

/** The setting `replication_collection`. */
export const replicationCollection = z.strictObject({
  enabled: z.boolean().default(true).describe("Whether the receiver asks for the state of replication"),
  collection_interval: interval("10s").describe("Time between two looks at the state of replication"),
  binlog_interval: interval("60s").describe("Time between two looks at the files of the binary log"),
});

export type ReplicationCollection = z.output<typeof replicationCollection>;
