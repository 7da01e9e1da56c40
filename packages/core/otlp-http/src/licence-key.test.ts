import { Secret } from "@dbintel/config";
import { expect, it } from "vitest";
import { licenceKey } from "./licence-key.ts";

const american = new URL("https://otlp.nr-data.net/v1/logs");
const european = new URL("https://otlp.eu01.nr-data.net/v1/logs");
const key = (text: string) => ({ "Api-Key": new Secret(text) });
const ofUs = `${"0123456789abcdef".repeat(2)}0123NRAL`;
const ofEu = `eu01xx${"0123456789abcdef".repeat(2)}01`;

it.each([
  [american, key(ofUs), "ok"],
  [european, key(ofEu), "ok"],
  [american, key(ofEu), "fail"],
  [european, key(ofUs), "fail"],
  [american, key("NRAK-0123456789"), "fail"],
  [american, {}, "fail"],
  [new URL("https://otlp.example.com"), {}, "skipped"],
] as const)("judges the key for %s: %o", (url, headers, status) => {
  const finding = licenceKey(url, headers);
  expect(finding.status).toBe(status);
  expect(JSON.stringify(finding)).not.toMatch(/0123456789/);
});

it("names the endpoint that the key belongs to", () => {
  expect(licenceKey(american, key(ofEu)).hint).toContain("https://otlp.eu01.nr-data.net");
  expect(licenceKey(european, key(ofUs)).hint).toContain("https://otlp.nr-data.net");
});
