import { describe, expect, it } from "vitest";
import { z } from "zod";
import { likelyValue } from "./likely-value.ts";
import { endpointUrl, hostPort } from "./network.ts";
import { secret } from "./secret.ts";
import { byteSize, duration, positiveDuration } from "./units.ts";

const schema = z.strictObject({
  timeout: duration().prefault("10s").describe("How long."),
  interval: positiveDuration().optional(),
  size: byteSize(),
  listen: hostPort(),
  url: endpointUrl(),
  password: secret(),
});

describe("likelyValue", () => {
  it.each([
    ["timeout", "5", "5s"],
    ["interval", "5", "5s"],
    ["timeout", "5 s", "5s"],
    ["timeout", "5S", "5s"],
    ["timeout", "5min", "5m"],
    ["timeout", "2 hours", "2h"],
    ["timeout", "100 millis", "100ms"],
    ["timeout", "1h 30m", "1h30m"],
    ["timeout", "1d", "24h"],
    ["timeout", "1d 6h", "24h6h"],
    ["size", "5mb", "5MB"],
    ["size", "5M", "5MB"],
    ["size", "20Mi", "20MiB"],
    ["size", "20mib", "20MiB"],
    ["size", "10 kb", "10kB"],
    ["listen", "4318", "localhost:4318"],
    ["listen", "http://0.0.0.0:4318/", "0.0.0.0:4318"],
    ["url", "localhost:4318", "http://localhost:4318"],
    ["url", "otlp.nr-data.net", "https://otlp.nr-data.net"],
    ["url", "backend.example:4318", "https://backend.example:4318"],
  ])("takes %s: %s for %s", (key, written, meant) => {
    expect(likelyValue(schema, [key], written)).toBe(meant);
  });

  it.each([
    ["timeout", "soon"],
    ["timeout", "-5s"],
    ["timeout", ""],
    ["timeout", "5 parsecs"],
    ["size", "many"],
    ["listen", "99999"],
    ["listen", "http://user:hunter2@host:1"],
    ["url", "user:hunter2@backend.example"],
    ["url", "backend"],
    ["password", "5"],
  ])("has no idea of %s: %j", (key, written) => {
    expect(likelyValue(schema, [key], written)).toBeUndefined();
  });
});
