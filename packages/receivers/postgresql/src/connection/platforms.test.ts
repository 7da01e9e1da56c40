import { expect, it } from "vitest";
import { platformOf, platformTraits, providerUsers } from "./platforms.ts";

const nothing = { roles: "", functions: "" };

it.each([
  ["self_managed", nothing],
  ["rds", { ...nothing, roles: "rdsadmin,rds_superuser" }],
  ["aurora", { roles: "rdsadmin,rds_superuser", functions: "aurora_version" }],
  ["cloud_sql", { ...nothing, roles: "cloudsqladmin,cloudsqlsuperuser" }],
  ["alloydb", { ...nothing, roles: "alloydbadmin,alloydbsuperuser,cloudsqladmin" }],
  ["azure", { ...nothing, roles: "azure_pg_admin" }],
] as const)("knows %s by its signs", (platform, signs) => {
  expect(platformOf(signs)).toBe(platform);
});

it("leaves every provider's databases out until it knows the platform, and none where an administrator rules", () => {
  expect(platformTraits(undefined).databases).toEqual(
    expect.arrayContaining(["rdsadmin", "cloudsqladmin", "azure_maintenance", "azure_sys", "alloydbmetadata"]),
  );
  expect(platformTraits("azure").databases).not.toContain("rdsadmin");
  expect(platformTraits("self_managed").databases).toEqual([]);
});

it("knows the users of a platform's provider, and leaves those of others alone", () => {
  const users = "10=postgres,16384=rdsadmin,16385=cloudsqladmin";
  expect(providerUsers("aurora", users)).toEqual(new Set([16_384]));
  expect(providerUsers("self_managed", users)).toEqual(new Set());
  expect(providerUsers("rds", "")).toEqual(new Set());
});
