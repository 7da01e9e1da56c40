import type { Secret } from "@dbintel/config";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { instanceAttributes, instanceConfig, instanceEntryKeys } from "./instance-entry.ts";

const schema = z.strictObject({ endpoint: z.string(), ...instanceEntryKeys });
const config = {
  ...{ endpoint: "localhost:5432", username: "otel", databases: ["shop*"], password_ttl: 300_000 },
  ...{ password_command: ["token"], tls: { insecure: false, insecure_skip_verify: true } },
};

describe("what an entry says", () => {
  it("stands for what the receiver says, and nothing else does", () => {
    const entry = schema.parse({ endpoint: "db1:5432", databases: [], tls: { ca_file: "ca.pem" } });
    expect(instanceConfig(config, entry)).toEqual({
      ...config,
      endpoint: "db1:5432",
      databases: [],
      tls: { insecure: false, insecure_skip_verify: false, ca_file: "ca.pem" },
    });
  });

  it("takes the place of another source of the password", () => {
    const byFile = instanceConfig(config, schema.parse({ endpoint: "db1:5432", password_file: "password" }));
    expect(byFile).toMatchObject({ password_file: "password" });
    expect(byFile.password_command).toBeUndefined();
    const literal = instanceConfig<typeof config & { password?: Secret }>(
      config,
      schema.parse({ endpoint: "db1:5432", password: "secret" }),
    );
    expect(literal.password?.reveal()).toBe("secret");
    expect(literal.password_command).toBeUndefined();
  });

  it("adds attributes to the resource, whole numbers as such", () => {
    const entry = schema.parse({ endpoint: "db1:5432", attributes: { team: "shop", tier: 1, share: 0.5, main: true } });
    expect(instanceAttributes(entry)).toEqual({ team: "shop", tier: 1n, share: 0.5, main: true });
    expect(instanceAttributes(schema.parse({ endpoint: "db1:5432" }))).toEqual({});
  });

  it.each([
    [{ attributes: Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`a${index}`, 1])) }, "attributes"],
    [{ attributes: { team: "x".repeat(1025) } }, "attributes.team"],
    [{ attributes: { team: ["shop"] } }, "attributes.team"],
    [{ password_command: ["token"] }, ""],
    [{ databases: [""] }, "databases.0"],
  ])("is refused when it is %j", (change, path) => {
    const result = schema.safeParse({ endpoint: "db1:5432", ...change });
    expect(result.error?.issues[0]?.path.join(".")).toBe(path);
  });
});
