import { otlpEndpoints, regionOfKey } from "@dbintel/new-relic";

/** The environment and configuration that ship to New Relic; `undefined` without a licence key. */
export function newRelic(
  env: NodeJS.ProcessEnv,
): { readonly config: string; readonly env: Readonly<Record<string, string>>; readonly endpoint: string } | undefined {
  const key = env.NEW_RELIC_LICENSE_KEY;
  if (key === undefined || key === "") return undefined;
  const endpoint = env.NEW_RELIC_OTLP_ENDPOINT || otlpEndpoints[regionOfKey(key)];
  return { config: "quickstart-newrelic.yaml", env: { NEW_RELIC_OTLP_ENDPOINT: endpoint }, endpoint };
}
