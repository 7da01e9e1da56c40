import { expect, it } from "vitest";
import { endpointText, parseEndpoint } from "./endpoint.ts";

it.each([
  ["db.example.com:5433", { host: "db.example.com", port: 5433 }],
  ["localhost:3306", { host: "localhost", port: 3306 }],
  ["[::1]:5432", { host: "::1", port: 5432 }],
  ["/run/mysqld/mysqld.sock", { host: "/run/mysqld/mysqld.sock", port: 0 }],
])("reads the endpoint %s", (endpoint, expected) => {
  expect(parseEndpoint(endpointText().parse(endpoint))).toEqual(expected);
});

it.each(["localhost", "host:port", "/with space"])("refuses the endpoint %s", (endpoint) => {
  expect(endpointText().safeParse(endpoint).success).toBe(false);
});
