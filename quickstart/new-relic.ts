/** The environment and configuration that ship to New Relic; `undefined` without a licence key. */
export function newRelic(
  env: NodeJS.ProcessEnv,
): { readonly config: string; readonly env: Readonly<Record<string, string>>; readonly endpoint: string } | undefined {
  const key = env.NEW_RELIC_LICENSE_KEY;
  if (key === undefined || key === "") return undefined;
  // A key of the EU region begins with "eu01", of FedRAMP with "gov01"; another region's endpoint answers 403.
  const region = key.startsWith("eu01") ? "otlp.eu01" : key.startsWith("gov01") ? "gov-otlp" : "otlp";
  const endpoint = env.NEW_RELIC_OTLP_ENDPOINT || `https://${region}.nr-data.net`;
  return { config: "quickstart-newrelic.yaml", env: { NEW_RELIC_OTLP_ENDPOINT: endpoint }, endpoint };
}
