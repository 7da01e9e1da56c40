import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test.each([
  [[], { kind: "run", forMs: undefined, mariadb: false }],
  [["--for", "30s"], { kind: "run", forMs: 30_000, mariadb: false }],
  [["--for=1.5m", "--mariadb"], { kind: "run", forMs: 90_000, mariadb: true }],
  [["--help"], { kind: "help" }],
])("%j", (args, options) => {
  expect(parseOptions(args)).toEqual(options);
});

test.each([[["--for", "30"]], [["--for", "soon"]], [["--four", "30s"]], [["30s"]]])("%j is refused", (args) => {
  expect(parseOptions(args).kind).toBe("invalid");
});
