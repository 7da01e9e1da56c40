import { isIPv4, isIPv6 } from "node:net";
import type { Detector } from "./detector.ts";

/** 0.0.0.0 and the addresses of the own host name nobody. */
function isTelling(address: string): boolean {
  return isIPv4(address) && !address.startsWith("127.") && !address.startsWith("0.");
}

/** Not a time such as 12:34:56, and not the loopback address. */
function isIpv6(address: string): boolean {
  return isIPv6(address) && address !== "::1" && address !== "::";
}

/**
 * Addresses of machines. They say which host talked to which, which is what telemetry is for: they count at the level
 * `high` alone.
 */
export const networkAddresses: readonly Detector[] = [
  {
    entity: "ipv4",
    level: "high",
    pattern: "\\b(?:[0-9]{1,3}\\.){3}[0-9]{1,3}\\b",
    sign: "[0-9]\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]",
    accept: isTelling,
  },
  {
    entity: "ipv6",
    level: "high",
    pattern: "(?i)\\b(?:[0-9a-f]{1,4}:{1,2}){2,7}[0-9a-f]{0,4}\\b",
    sign: "(?i)[0-9a-f]:{1,2}[0-9a-f]{1,4}:",
    accept: isIpv6,
  },
  {
    entity: "mac_address",
    level: "high",
    pattern: "(?i)\\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\\b|\\b(?:[0-9a-f]{2}-){5}[0-9a-f]{2}\\b",
    sign: "(?i)[0-9a-f]{2}[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-][0-9a-f]{2}[:-]",
  },
];
