import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";
import * as sql from "../src/index.ts";

it("README.md's example prints what it says, and its table has every function", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const [, example = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const body = example.replace(/^import .*\n/, "");
  const printed: unknown[] = [];
  const names = Object.keys(sql);
  new Function(...names, "console", body)(...Object.values(sql), { log: (value: unknown) => printed.push(value) });
  const promised = [...example.matchAll(/\/\/ => (.*)/g)].map(([, value]) => value);
  expect(printed).toEqual(promised);
  expect([...readme.matchAll(/^\| `(\w+)\(/gm)].map(([, name]) => name).sort()).toEqual(names.sort());
});
