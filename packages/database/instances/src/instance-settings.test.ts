import { expect, it } from "vitest";
import { z } from "zod";
import { checkInstances, instanceSettings } from "./instance-settings.ts";
import { checkPassword, passwordSettings } from "./login/login-settings.ts";
import { reportedNames } from "./reported-names.ts";

const standard = "localhost:5432";
const endpoint = z.string().includes(":");

/** As the schema of a receiver has them. */
const schema = z
  .strictObject({
    endpoint: endpoint.default(standard),
    ...instanceSettings(endpoint),
    ...passwordSettings,
    ...reportedNames("databases"),
  })
  .superRefine(checkInstances(standard))
  .superRefine(checkPassword);

it.each([
  [{ endpoint: "db:1", endpoints: ["db:2"] }, "endpoint"],
  [{ endpoints: [] }, "endpoints"],
  [{ endpoints: ["db"] }, "endpoints.0"],
  [{ endpoints: ["db:1", "db:1"] }, "endpoints"],
  [{ instances_file: "list.yaml", dns_srv: "_db._tcp.example.com" }, "dns_srv"],
  [{ dns_servers: ["ns.example.com"] }, "dns_servers.0"],
  [{ dns_servers: ["10.0.0.2:99999"] }, "dns_servers.0"],
  [{ discovery_interval: "0s" }, "discovery_interval"],
  [{ max_instances: 0 }, "max_instances"],
  [{ password_file: "password" }, "password_file"],
  [{ password_command: [] }, "password_command"],
  [{ databases: ["x".repeat(257)] }, "databases.0"],
  [{ exclude_databases: [""] }, "exclude_databases.0"],
])("refuses %j", (change, path) => {
  const result = schema.safeParse({ password: "secret", ...change });
  expect(result.error?.issues[0]?.path.join(".")).toBe(path);
});

it("takes a server, or a list of them, with a password", () => {
  expect(schema.parse({ password: "secret" })).toMatchObject({
    endpoint: standard,
    databases: [],
    max_databases: 1000,
  });
  expect(schema.parse({ password: "secret", endpoints: ["db:1", "db:2"] }).endpoints).toEqual(["db:1", "db:2"]);
});
