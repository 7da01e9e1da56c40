import { expect, it } from "vitest";
import type { SqlSyntax } from "./syntax.ts";
import { TextCache } from "./text-cache.ts";

const postgresql: SqlSyntax = { dialect: "postgresql" };

function counting(max: number) {
  const read: string[] = [];
  const cache = new TextCache({
    max,
    read: (text, { dialect }) => {
      read.push(text);
      return { text, dialect };
    },
  });
  return { cache, read };
}

it("reads a text once, as a string or as bytes", () => {
  const { cache, read } = counting(10);
  const text = "SELECT 'é'";
  const first = cache.read(text, postgresql);
  expect(first).toEqual({ value: { text, dialect: "postgresql" }, known: false });
  const padded = Buffer.from(`--${text}--`);
  const again = cache.read(padded.subarray(2, padded.length - 2), postgresql);
  expect(again).toEqual({ value: first.value, known: true });
  expect(read).toEqual([text]);
});

it("reads it again for another syntax", () => {
  const { cache, read } = counting(10);
  const syntaxes: readonly SqlSyntax[] = [
    postgresql,
    { dialect: "mysql" },
    { dialect: "mysql", ansiQuotes: true },
    { dialect: "mysql", noBackslashEscapes: true },
  ];
  for (const syntax of [...syntaxes, ...syntaxes]) cache.read("SELECT 1", syntax);
  expect(read).toHaveLength(syntaxes.length);
});

it("forgets the text that has not come for longest, and remembers none that is very long", () => {
  const { cache, read } = counting(2);
  for (const text of ["a", "b", "a", "c", "a", "b"]) cache.read(text, postgresql);
  expect(read).toEqual(["a", "b", "c", "b"]);
  const long = "x".repeat(20_000);
  expect([cache.read(long, postgresql).known, cache.read(long, postgresql).known]).toEqual([false, false]);
});
