import { describe, expect, it } from "vitest";
import { newRelicConfig, otlpSettings } from "./config.ts";

const ofUs = `${"0123456789abcdef".repeat(2)}0123NRAL`;
const ofEu = `eu01xx${"0123456789abcdef".repeat(2)}01`;
const settingsOf = (given: object) => otlpSettings(newRelicConfig.parse({ license_key: ofUs, ...given }));

describe("where it sends", () => {
  it.each([
    [{}, "https://otlp.nr-data.net"],
    [{ license_key: ofEu }, "https://otlp.eu01.nr-data.net"],
    [{ region: "gov" }, "https://gov-otlp.nr-data.net"],
    [{ license_key: "gov01xx0123456789" }, "https://gov-otlp.nr-data.net"],
    [{ endpoint: "http://localhost:4318" }, "http://localhost:4318"],
  ])("%j: %s", (given, endpoint) => {
    expect(settingsOf(given).endpoint).toBe(endpoint);
  });

  it.each<[object, string]>([
    [{ license_key: ofEu, region: "us" }, "the key is of region EU, the endpoint of region US"],
    [{ license_key: ofUs, region: "eu" }, "the key is of region US, the endpoint of region EU"],
    [{ license_key: "NRAK-0123456789" }, "the key is a user key"],
    [{ license_key: "" }, "is empty: set it to the account's licence key"],
    [{ license_key: " " }, "is empty"],
  ])("refuses %j without printing the key", (given, message) => {
    const { error } = newRelicConfig.safeParse({ license_key: ofUs, ...given });
    expect(error?.issues).toMatchObject([
      { path: ["license_key"], message: expect.stringContaining(message) as string },
    ]);
    expect(JSON.stringify(error?.issues)).not.toMatch(/0123456789/);
  });
});

describe("how much it sends at once", () => {
  it("is at most what New Relic takes", () => {
    expect(settingsOf({}).sending_queue.batch).toMatchObject({ sizer: "bytes", max_size: 1_000_000 });
    expect(settingsOf({ sending_queue: { batch: { max_size: "500kB" } } }).sending_queue.batch?.max_size).toBe(500_000);
  });

  it.each([{ max_size: "2MB" }, { flush_timeout: "1s" }, { max_size: 100, sizer: "items" }])("refuses %j", (batch) => {
    const { error } = newRelicConfig.safeParse({ license_key: ofUs, sending_queue: { batch } });
    expect(error?.issues[0]?.message).toContain("max_size: 1MB");
  });
});
