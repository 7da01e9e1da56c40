import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createTestHost } from "@dbintel/pipeline/testing";
import { expect, it } from "vitest";
import { BreakerRegistry, defaultBreakerSettings, type ErrorClass, type GuardedDatabase } from "./index.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");

function watch() {
  const environment = createTestHost();
  const registry = new BreakerRegistry({ environment });
  return { registry, shop: registry.database("db:5432", "shop"), clock: environment.clock };
}

function fail(database: GuardedDatabase, collectorClass: string, errorClass: ErrorClass): void {
  const admission = database.admit(collectorClass, false);
  if (!admission.admitted) throw new Error(`refused: ${admission.reason}`);
  admission.fail(errorClass);
}

/** What the README says in a sentence, its numbers as groups. */
function said(sentence: RegExp): readonly number[] {
  const found = sentence.exec(readme.replaceAll(/\s+/g, " "));
  if (found === null) throw new Error(`the README does not say ${sentence}`);
  return found.slice(1).map((number) => Number(number.replaceAll(",", "")));
}

it("has an example that answers what the README says", async () => {
  const [, code = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const [, name = "", answer = ""] = /^(\w+); \/\/ => (.+)$/m.exec(code) ?? [];
  const program = `${code}\nconsole.log(JSON.stringify(${name}));`;
  const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  expect(JSON.parse(stdout)).toEqual(JSON.parse(answer));
});

it("opens a class at once that is not configured, and asks again after five seconds", async () => {
  expect(readme).toContain("asks again after 5 s");
  const { shop, clock } = watch();
  fail(shop, "counters", "configuration");
  await clock.advance(5000 - 1);
  expect(shop.admit("counters", true)).toMatchObject({ reason: "open" });
  expect(shop.admit("sizes", true).admitted).toBe(true);
  await clock.advance(1);
  expect(shop.admit("counters", true)).toMatchObject({ stage: "ping" });
});

it("fails to log in no more often than the README says", async () => {
  const [first = 0] = said(/so a wrong password is tried (\d+) times in the first ten minutes/);
  const { shop, clock } = watch();
  let attempts = 0;
  for (let second = 0; second < 600; second++) {
    const admission = shop.admit("counters", true);
    if (admission.admitted) {
      attempts++;
      admission.fail("login");
    }
    await clock.advance(1000);
  }
  expect(attempts).toBe(first);
});

it("steps back at each overload, from the second on without what costs most, never without the cheapest", () => {
  const { shop } = watch();
  const [dearest = ""] = defaultBreakerSettings.shedOrder;
  fail(shop, "counters", "overload");
  expect(shop.intervalFactor).toBe(2);
  expect(shop.admit(dearest, false).admitted).toBe(true);
  fail(shop, "counters", "overload");
  expect(shop.intervalFactor).toBe(4);
  expect(shop.admit(dearest, false)).toMatchObject({ reason: "shed" });
  expect(shop.admit(dearest, true).admitted).toBe(true);
});

it("takes our own mistakes for answers", () => {
  const { shop } = watch();
  for (let call = 0; call < 100; call++) fail(shop, "counters", "ours");
  expect(shop.admit("counters", true)).toMatchObject({ admitted: true, stage: undefined });
  expect(shop.intervalFactor).toBe(1);
});

it("has the limits that the README names", async () => {
  const [instances, databases = 0, minutes = 0, classes = 0] = said(
    /remembers ([\d,]+) instances and ([\d,]+) databases unless told otherwise, each for (\d+) minutes .* and (\d+) classes/,
  );
  expect(instances).toBe(databases);
  const { registry, shop, clock } = watch();
  for (let number = 0; number < classes; number++) fail(shop, `class ${number}`, "ours");
  // The last class and all further ones share a breaker: what opens it for one of them opens it for all.
  fail(shop, "one more", "configuration");
  expect(shop.admit("another", true)).toMatchObject({ reason: "open" });
  expect(shop.admit("class 0", true).admitted).toBe(true);

  for (let number = 0; number <= databases; number++) registry.database(`db${number}:5432`, "shop");
  expect(registry.size).toBe(databases);
  await clock.advance(minutes * 60_000 + 1);
  expect(registry.size).toBe(0);
});

it("names settings in its README that exist", () => {
  const named = [...readme.matchAll(/`(\w+(?:Ms|Order|Concurrent))`/g)].map(([, name]) => name ?? "");
  expect(named.filter((name) => name !== "timeoutMs")).toEqual(
    expect.arrayContaining(["maxConcurrent", "shedOrder", "decayMs", "baseTimeoutMs", "maxTimeoutMs"]),
  );
  for (const name of named) expect({ ...defaultBreakerSettings, timeoutMs: 0 }).toHaveProperty(name);
});
