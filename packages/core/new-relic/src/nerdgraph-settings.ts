import { endpointUrl, positiveDuration, type Secret, secret } from "@dbintel/config";
import { z } from "zod";
import { NerdGraph, nerdGraphUrls } from "./nerdgraph.ts";

type Region = keyof typeof nerdGraphUrls;
const regions = Object.keys(nerdGraphUrls) as [Region, ...Region[]];

/** The settings by which components reach NerdGraph, to be spread into an object schema. */
export const nerdGraphSettings = {
  user_key: secret().describe("User key (`NRAK-…`) of a user who may query the account"),
  account_id: z.number().int().positive().describe("Number of the account that the data goes to"),
  region: z.enum(regions).default("us").describe("Region of the account"),
  endpoint: endpointUrl().optional().describe("Where NerdGraph answers, instead of the region's"),
  timeout: positiveDuration().prefault("30s").describe("How long one answer may take"),
};

/** The client that these settings describe. */
export function nerdGraphOf(config: {
  readonly user_key: Secret;
  readonly account_id: number;
  readonly region: Region;
  readonly endpoint?: string | undefined;
  readonly timeout: number;
}): NerdGraph {
  return new NerdGraph({
    url: config.endpoint ?? nerdGraphUrls[config.region],
    userKey: config.user_key,
    accountId: config.account_id,
    timeoutMs: config.timeout,
  });
}
