import { DnsServer } from "@dbintel/e2e/dns-server";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dnsListing } from "./dns-listing.ts";

const name = "_postgresql._tcp.example.test";
let server: DnsServer;

beforeAll(async () => {
  server = await DnsServer.start();
});
afterAll(() => server[Symbol.asyncDispose]());

async function endpoints(): Promise<readonly string[]> {
  const listing = dnsListing({ name, servers: [server.address], intervalMs: 1, entryOf: (endpoint) => ({ endpoint }) });
  return (await listing.list()).map(({ entry }) => entry.endpoint);
}

it("lists the targets of the service, each once and in one order", async () => {
  server.set(name, [
    { target: "db2.example.test", port: 5433, priority: 1 },
    { target: "DB1.example.test", port: 5432, priority: 2, weight: 7 },
    { target: "db1.example.test", port: 5432 },
  ]);
  expect(await endpoints()).toEqual(["db1.example.test:5432", "db2.example.test:5433"]);
  server.set(name, [{ target: "db3.example.test", port: 5432 }]);
  expect(await endpoints()).toEqual(["db3.example.test:5432"]);
});

it("lists none when the service says that it is not offered", async () => {
  server.set(name, [{ target: ".", port: 0 }]);
  expect(await endpoints()).toEqual([]);
});

it("fails when the name is unknown, has no such records, or the server fails", async () => {
  const failure = (code: string) => ({
    code: "DBI_UNAVAILABLE",
    message: `${name} cannot be resolved: ${code}`,
    retryable: true,
  });
  server.set(name, []);
  await expect(endpoints()).rejects.toMatchObject(failure("ENODATA"));
  server.failing = true;
  await expect(endpoints()).rejects.toMatchObject(failure("ESERVFAIL"));
  server.failing = false;
  const listing = dnsListing({
    ...{ name: "unknown.test", servers: [server.address], intervalMs: 1 },
    entryOf: (endpoint) => ({ endpoint }),
  });
  await expect(listing.list()).rejects.toMatchObject({ message: "unknown.test cannot be resolved: ENOTFOUND" });
});

it("does not take a target that is no name of a host", async () => {
  server.set(name, [
    { target: "db1.example.test", port: 5432 },
    { target: "db1;rm.example.test", port: 5432 },
  ]);
  await expect(endpoints()).rejects.toMatchObject({ code: "DBI_UNAVAILABLE" });
});
