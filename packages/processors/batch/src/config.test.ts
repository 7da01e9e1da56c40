import { describe, expect, it } from "vitest";
import { batchConfig } from "./config.ts";

function problems(input: unknown): string[] {
  const result = batchConfig.safeParse(input);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("batch settings", () => {
  it("has the OpenTelemetry Collector's defaults", () => {
    expect(batchConfig.parse({})).toEqual({
      send_batch_size: 8192,
      timeout: 200,
      send_batch_max_size: 0,
      send_batch_max_bytes: 0,
      max_pending_bytes: 32 * 2 ** 20,
      metadata_keys: [],
      metadata_cardinality_limit: 1000,
    });
  });

  it.each([
    [
      { send_batch_size: 100, send_batch_max_size: 50 },
      "send_batch_max_size: send_batch_max_size must be 0 or at least send_batch_size",
    ],
    [
      { metadata_keys: ["tenant"] },
      "metadata_keys: metadata_keys is not supported: a batch carries no client metadata; remove the key",
    ],
    [{ timeout: 200 }, 'timeout: expected a duration with a unit, such as "10s", "500ms" or "1h30m"'],
    [{ send_batch_bytes: 1 }, ': Unrecognized key: "send_batch_bytes"'],
  ])("refuses %j", (input, problem) => {
    expect(problems(input)).toEqual([problem]);
  });
});
