import { expect, it } from "vitest";
import { platformOf, platformTraits } from "./platforms.ts";

it.each([
  ["self_managed", { version: "9.7.4", version_comment: "MySQL Community Server - GPL", basedir: "/usr/" }],
  ["self_managed", { version: "10.11.19-MariaDB-0+deb12u1", version_comment: "Debian 12", basedir: "/usr" }],
  ["rds", { version: "8.0.39", version_comment: "Source distribution", basedir: "/rdsdbbin/mysql-8.0.39.R1/" }],
  ["aurora", { version: "8.0.39", basedir: "/rdsdbbin/oscar-8.0.mysql_aurora.3.08.0/", aurora_version: "3.08.0" }],
  ["cloud_sql", { version: "8.0.37-google", version_comment: "(Google)" }],
  ["azure", { version: "8.0.40-azure", version_comment: "MySQL Community Server (GPL)" }],
] as const)("knows %s by its variables", (platform, variables) => {
  expect(platformOf(new Map(Object.entries(variables)))).toBe(platform);
});

it("knows which platforms forget what was turned on, and whose counts are wrong", () => {
  expect(platformTraits("rds").forgetsConsumers).toBe(true);
  expect(platformTraits("self_managed").forgetsConsumers).toBeUndefined();
  expect(platformTraits("aurora").wrongDigestCounts).toEqual(["5.7."]);
});

it("takes nothing of a provider's for the users' own, even before it knows which one it is", () => {
  expect(platformTraits("aurora")).toMatchObject({
    users: expect.arrayContaining(["rdsadmin"]),
    schemas: ["rdsadmin"],
  });
  expect(platformTraits(undefined).users).toEqual(expect.arrayContaining(["rdsadmin", "cloudsqladmin", "azuresu"]));
  expect(platformTraits("self_managed").users).toEqual([]);
});
