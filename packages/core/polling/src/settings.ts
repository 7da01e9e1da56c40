import { duration, positiveDuration } from "@dbintel/config";

/**
 * The settings that every polling receiver shares, to be spread into its schema. Keys and meaning are those of the
 * OpenTelemetry Collector's scrape controller, except that a poll there has no deadline unless one is set.
 */
export function pollingSettings(defaults: { readonly interval: string }) {
  return {
    collection_interval: interval(defaults.interval).describe("Time from the start of one poll to that of the next"),
    initial_delay: duration().prefault("1s").describe("Time from the start of the receiver to its first poll"),
    timeout: duration().prefault("0s").describe("Longest time of one poll; 0s stands for the interval"),
  };
}

/** A duration above zero with a default. */
export function interval(standard: string) {
  return positiveDuration().prefault(standard);
}
