import { logsBuilder } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { detectorsAt, entities } from "./detectors.ts";
import { PayloadCheck } from "./payload-check.ts";
import { Scanner } from "./scanner.ts";

/** Texts that make engines with backtracking, or loops over every beginning, take time that grows with the square. */
const hostile: Readonly<Record<string, (length: number) => string>> = {
  "letters without an @": (length) => "a".repeat(length),
  "many @": (length) => "a@".repeat(length / 2),
  "labels without an end": (length) => `a@${"b.".repeat(length / 2)}`,
  "an endless local part": (length) => `${"a.".repeat(length / 2)}@b.c`,
  digits: (length) => "4".repeat(length),
  "groups of digits": (length) => "4111 ".repeat(length / 5),
  "almost cards": (length) => "4111 1111 1111 1112 ".repeat(length / 20),
  "almost accounts": (length) => "DE89 3704 0044 0532 0130 01 ".repeat(length / 28),
  "schemes without an end": (length) => "a://a:".repeat(length / 6),
  "open quotes": (length) => "password = 'a''".repeat(length / 15),
  "identified by": (length) => "IDENTIFIED BY ".repeat(length / 14),
  "keys that begin": (length) => "-----BEGIN RSA PRIVATE KEY-----".repeat(length / 31),
  "parts of tokens": (length) => "eyJhbGciOiJIUzI1NiJ9.".repeat(length / 21),
  "words of context": (length) => "ssn phone iban ".repeat(length / 15),
  "numbers in context": (length) => "phone 030 1234567 ".repeat(length / 18),
  colons: (length) => ":".repeat(length),
  "addresses of machines": (length) => "1.2.3.".repeat(length / 6),
};

/** Microseconds of processor time for a call: what else runs on the machine does not count. */
function cost(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const scanner = new Scanner(detectorsAt("high"));
const check = new PayloadCheck({ entities: new Set(entities) });

it.each(Object.entries(hostile))("%s: ten times the text take about ten times the time", (_, make) => {
  const look = (length: number) => {
    const text = Buffer.from(make(length));
    const payload = logsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "x" })
      .record({ body: make(length) })
      .build()
      .encode();
    return () => {
      scanner.mayHold(text);
      scanner.find(text, "note");
      check.check("logs", payload);
    };
  };
  const [short, long] = [look(10_000), look(100_000)];
  short();
  // The least of several runs. Time that grows with the square gives 100; a factor of 10 is linear.
  const least = (run: () => void) => Math.min(...[1, 2, 3].map(() => cost(run)));
  expect(least(long)).toBeLessThan(40 * Math.max(least(short), 3000));
});
