import { describe, expect, it } from "vitest";
import { adminConfig } from "./config.ts";

function problems(input: unknown): string[] {
  const result = adminConfig.safeParse(input);
  return result.success ? [] : result.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

const tls = { cert_file: "c.pem", key_file: "k.pem" };
const auth = { authenticator: "basic_auth" };

describe("admin settings", () => {
  it("listen on localhost unless told otherwise", () => {
    expect(adminConfig.parse({}).endpoint).toEqual({ host: "localhost", port: 55680 });
  });

  it("take an address that others reach only with authentication and TLS", () => {
    const reason = "is needed where other machines can reach the endpoint; or bind it to localhost";
    expect(problems({ endpoint: "0.0.0.0:55680" })).toEqual([`auth: auth ${reason}`, `tls: tls ${reason}`]);
    expect(problems({ endpoint: "10.0.0.1:55680", auth })).toEqual([`tls: tls ${reason}`]);
    expect(problems({ endpoint: "10.0.0.1:55680", auth, tls })).toEqual([]);
  });

  it.each([
    [{ audit: { file: "audit.log" } }, "audit.file: expected an absolute path"],
    [{ tap: { records_per_second: 0 } }, "tap.records_per_second: Too small: expected number to be >=1"],
    [{ port: 1 }, ': Unrecognized key: "port"'],
  ])("refuse %j", (input, problem) => {
    expect(problems(input)).toEqual([problem]);
  });
});
