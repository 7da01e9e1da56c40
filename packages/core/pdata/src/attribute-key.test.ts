import { expect, test } from "vitest";
import { attributeKey } from "./attribute-key.ts";

test("a key has the name and its UTF-8 bytes", () => {
  expect(attributeKey("größe")).toEqual({ name: "größe", utf8: Uint8Array.from(Buffer.from("größe")) });
});

test("the same name gives the same key while it is cached", () => {
  expect(attributeKey("db.namespace")).toBe(attributeKey("db.namespace"));
});

test("the cache has a bound: the oldest name goes first", () => {
  const first = attributeKey("first of many");
  for (let index = 0; index < 5000; index++) attributeKey(`many.${index}`);
  expect(attributeKey("many.4999")).toBe(attributeKey("many.4999"));
  expect(attributeKey("first of many")).not.toBe(first);
  expect(attributeKey("first of many")).toEqual(first);
});

test("long names are not kept", () => {
  const name = "x".repeat(257);
  expect(attributeKey(name)).not.toBe(attributeKey(name));
  expect(attributeKey(name)).toEqual(attributeKey(name));
});
