import { keyProblem, regionOfEndpoint } from "@dbintel/new-relic";
import type { Check } from "@dbintel/pipeline";
import type { OtlpHttpConfig } from "./config.ts";

/** Whether the headers have what a New Relic endpoint wants; a key of another region would be refused with 403. */
export function licenceKey(url: URL, headers: OtlpHttpConfig["headers"]): Omit<Check, "code"> {
  const region = regionOfEndpoint(url);
  if (region === undefined) return { status: "skipped", message: "not an endpoint of New Relic" };
  const key = Object.entries(headers)
    .find(([name]) => name.toLowerCase() === "api-key")?.[1]
    .reveal();
  if (key === undefined) {
    const hint = "write the licence key into headers, as api-key";
    return { status: "fail", message: "there is no header api-key", hint };
  }
  const problem = keyProblem(key, region);
  return problem === undefined
    ? { status: "ok", message: `a key of region ${region.toUpperCase()}` }
    : { status: "fail", ...problem };
}
