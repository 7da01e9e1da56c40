import type { Check } from "@dbintel/pipeline";
import type { OtlpHttpConfig } from "./config.ts";

/** New Relic's regions by the hosts that take OTLP there. */
const regions: Readonly<Record<string, "US" | "EU">> = {
  "otlp.nr-data.net": "US",
  "gov-otlp.nr-data.net": "US",
  "otlp.eu01.nr-data.net": "EU",
};

/** Whether the headers have what a New Relic endpoint wants; a key of another region would be refused with 403. */
export function licenceKey({ hostname }: URL, headers: OtlpHttpConfig["headers"]): Omit<Check, "code"> {
  const region = regions[hostname];
  if (region === undefined) return { status: "skipped", message: "not an endpoint of New Relic" };
  const key = Object.entries(headers)
    .find(([name]) => name.toLowerCase() === "api-key")?.[1]
    .reveal();
  if (key === undefined) {
    const hint = "write the licence key into headers, as api-key";
    return { status: "fail", message: "there is no header api-key", hint };
  }
  if (/^NRAK-/.test(key)) {
    const hint = "a user key is for NerdGraph; data needs the account's licence key (INGEST - LICENSE)";
    return { status: "fail", message: "the key is a user key", hint };
  }
  const keyRegion = /^eu\d\d/.test(key) ? "EU" : "US";
  if (keyRegion === region) return { status: "ok", message: `a key of region ${region}` };
  const right = keyRegion === "EU" ? "https://otlp.eu01.nr-data.net" : "https://otlp.nr-data.net";
  const message = `the key is of region ${keyRegion}, the endpoint of region ${region}`;
  return { status: "fail", message, hint: `set endpoint: ${right}` };
}
