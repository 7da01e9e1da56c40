import { type AnyValue, type Attributes, logsBuilder } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { calledServer, databaseOf, serverOf } from "./origin.ts";

type Values = Readonly<Record<string, AnyValue>>;

function attributesOf(values: Values): Attributes {
  const records = logsBuilder().record({ attributes: values }).build().records();
  records.advance();
  return records.attributes;
}

it.each<[string, Values]>([
  ["db.example:6000", { "server.address": "DB.example", "server.port": 6000n, "service.instance.id": "uuid" }],
  ["db.example:5432", { "server.address": "db.example", "service.instance.id": "db.example:5432" }],
  ["localhost:5432", { "service.instance.id": "127.0.0.1:5432" }],
  ["my:3307", { "mysql.instance.endpoint": "my:3307", "service.instance.id": "6f0e7c52" }],
  ["6f0e7c52", { "service.instance.id": "6f0e7c52" }],
  ["db.example:3306", { "db.system.name": "mysql", "server.address": "db.example" }],
  ["", {}],
])("a receiver's server is %s", (server, resource) => {
  expect(serverOf(attributesOf({}), attributesOf(resource))).toBe(server);
});

it.each<[string, Values]>([
  ["db.example:5432", { "server.address": "db.example", "db.system.name": "postgresql" }],
  ["db.example:5433", { "net.peer.name": "db.example", "net.peer.port": 5433n }],
  ["localhost:1433", { "server.address": "::1", "db.system": "mssql" }],
  ["", { "service.instance.id": "checkout-7" }],
])("a span's server is %s", (server, span) => {
  expect(calledServer(attributesOf(span))).toBe(server);
});

it.each<[string, Values]>([
  ["shop", { "db.namespace": "shop" }],
  ["shop", { "db.namespace": "shop|public" }],
  ["shop", { "db.name": "shop" }],
  ["", {}],
])("the database is %s", (database, values) => {
  expect(databaseOf(attributesOf(values), attributesOf({}))).toBe(database);
});
