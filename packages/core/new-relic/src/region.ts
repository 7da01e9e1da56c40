/** Where New Relic takes OTLP, by region; docs.newrelic.com, "New Relic OTLP endpoint". */
export const otlpEndpoints = {
  us: "https://otlp.nr-data.net",
  eu: "https://otlp.eu01.nr-data.net",
  gov: "https://gov-otlp.nr-data.net",
} as const;

export type Region = keyof typeof otlpEndpoints;

export const regions = Object.keys(otlpEndpoints) as [Region, ...Region[]];

/** What is wrong with a key. */
export interface KeyProblem {
  readonly message: string;
  readonly hint: string;
}

/** The region that a licence key belongs to: those of the EU and of FedRAMP begin with its name. */
export function regionOfKey(key: string): Region {
  if (/^eu\d\d/.test(key)) return "eu";
  return /^gov\d\d/.test(key) ? "gov" : "us";
}

/** The region of an OTLP endpoint; `undefined` for one that is not New Relic's. */
export function regionOfEndpoint({ hostname }: URL): Region | undefined {
  return regions.find((region) => new URL(otlpEndpoints[region]).hostname === hostname);
}

/** Why data with this key would be refused in a region, if it would: by a 403 that stays. */
export function keyProblem(key: string, region: Region): KeyProblem | undefined {
  if (key.startsWith("NRAK-")) {
    const hint = "a user key is for NerdGraph; data needs the account's licence key (INGEST - LICENSE)";
    return { message: "the key is a user key", hint };
  }
  const own = regionOfKey(key);
  if ((own === "eu") === (region === "eu")) return undefined;
  const message = `the key is of region ${own.toUpperCase()}, the endpoint of region ${region.toUpperCase()}`;
  return { message, hint: `send to ${otlpEndpoints[own]}` };
}
