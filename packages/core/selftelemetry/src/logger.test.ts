import { Secret } from "@dbintel/config";
import { DbintelError } from "@dbintel/errors";
import { FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { telemetrySchema } from "./index.ts";
import { createLogger } from "./logger.ts";

async function logged(logs: object, colour = false) {
  const lines: string[] = [];
  const clock = new FakeClock();
  const { logs: settings } = telemetrySchema.parse({ logs });
  const logger = await createLogger({ settings, clock, colour, write: (text) => void lines.push(text) });
  return { lines, clock, logger };
}

const component = { "otelcol.component.kind": "exporter", "otelcol.component.id": "otlp_http/eu" };
const time = "2023-11-14T22:13:20.000Z";

describe("console lines", () => {
  it("name time, level, component, message and fields", async () => {
    const { lines, logger } = await logged({});
    logger.info({ ...component, "otelcol.pipeline.id": "logs", items: 5, url: "http://a:4318/v1" }, "sent");
    logger.warn({}, "alone");
    await logger.flush();
    expect(lines).toEqual([
      `${time} INFO  [exporter otlp_http/eu in logs] sent items=5 url=http://a:4318/v1\n`,
      `${time} WARN  alone\n`,
    ]);
  });

  it("say of an error what happened, its code and what to do", async () => {
    const { lines, logger } = await logged({});
    const cause = new DbintelError("bad certificate", { code: "DBI_UNAVAILABLE" });
    const error = new DbintelError("not sent", { code: "DBI_QUEUE_FULL", hint: "raise queue_size", cause });
    logger.error({ ...component, error }, "data is lost");
    await logger.flush();
    expect(lines).toEqual([
      `${time} ERROR [exporter otlp_http/eu] data is lost error="not sent" code=DBI_QUEUE_FULL hint="raise queue_size" cause: error="bad certificate" code=DBI_UNAVAILABLE\n`,
    ]);
  });

  it("stay one line, and cannot be forged or made to move the cursor", async () => {
    const { lines, logger } = await logged({});
    logger.info({ body: "a\nb", raw: "\u001b[2J" }, "first\n2023 ERROR forged");
    await logger.flush();
    expect(lines).toEqual([`${time} INFO  first\\u000a2023 ERROR forged body="a\\nb" raw="\\u001b[2J"\n`]);
  });

  it("colour the level on a terminal only", async () => {
    const { lines, logger } = await logged({}, true);
    logger.error({}, "red");
    expect(lines).toEqual([`${time} \u001b[31mERROR\u001b[39m red\n`]);
  });
});

describe("JSON lines", () => {
  it("are pino's, with the level as a word", async () => {
    const { lines, logger } = await logged({ encoding: "json", initial_fields: { region: "eu" } });
    const error = new DbintelError("no", { code: "DBI_FILE", hint: "chmod" });
    logger.warn({ ...component, size: 5n, error }, "failed");
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        level: "warn",
        time,
        region: "eu",
        ...component,
        size: "5",
        error: { code: "DBI_FILE", message: "no", hint: "chmod" },
        msg: "failed",
      },
    ]);
  });
});

describe.each(["console", "json"])("the %s logger", (encoding) => {
  it("never prints a secret", async () => {
    const { lines, logger } = await logged({ encoding, level: "debug" });
    const secret = new Secret("hunter2");
    for (const level of ["debug", "info", "warn", "error"] as const) {
      const text = String(secret);
      logger[level]({ secret, nested: { deep: [secret] }, error: new Error(text) }, `with ${text}`);
    }
    await logger.flush();
    expect(lines).toHaveLength(4);
    expect(lines.join("")).not.toContain("hunter2");
    expect(lines[0]).toContain("[REDACTED]");
  });

  it("leaves out what is below its level", async () => {
    const { lines, logger } = await logged({ encoding, level: "error" });
    logger.warn({}, "no");
    logger.error({}, "yes");
    expect(lines).toHaveLength(1);
  });
});

describe("lines that repeat", () => {
  const failure = (logger: Awaited<ReturnType<typeof logged>>["logger"], attempt: number) =>
    logger.warn({ ...component, attempt }, "not sent");

  it("are thinned out, and what was left out is said when the interval ends", async () => {
    const { lines, logger, clock } = await logged({ sampling: { initial: 2, thereafter: 10 } });
    for (let attempt = 1; attempt <= 25; attempt++) failure(logger, attempt);
    // The first two, then every tenth of the others: the 12th and the 22nd.
    expect(lines.map((line) => /attempt=(\d+)/.exec(line)?.[1])).toEqual(["1", "2", "12", "22"]);
    await clock.advance(10_000);
    expect(lines.at(-1)).toContain(
      "[exporter otlp_http/eu] more lines like this were left out: not sent suppressed=21",
    );
    failure(logger, 26);
    expect(lines.at(-1)).toContain("attempt=26");
  });

  it("of another component, level or message count on their own", async () => {
    const { lines, logger } = await logged({ sampling: { initial: 1, thereafter: 0 } });
    failure(logger, 1);
    logger.warn({ ...component, "otelcol.component.id": "other" }, "not sent");
    logger.error(component, "not sent");
    logger.warn(component, "not sent again");
    failure(logger, 2);
    expect(lines).toHaveLength(4);
  });

  it("are all written where sampling is off", async () => {
    const { lines, logger, clock } = await logged({ sampling: { enabled: false } });
    for (let attempt = 1; attempt <= 500; attempt++) failure(logger, attempt);
    expect(lines).toHaveLength(500);
    expect(clock.pendingTimers).toBe(0);
  });

  it("are counted in bounded memory", async () => {
    const { lines, logger } = await logged({ sampling: { initial: 1, thereafter: 0 } });
    logger.warn({}, "a@b: the first line that has to be looked at loads what looks");
    await logger.flush();
    lines.length = 0;
    for (let round = 0; round < 2; round++) {
      for (let index = 0; index < 1500; index++) logger.warn({}, `message ${index}`);
    }
    // The first thousand are counted; what comes beyond them is written, not lost.
    expect(lines).toHaveLength(1500 + 500);
    await logger.flush();
    expect(lines.filter((line) => line.includes("left out"))).toHaveLength(1000);
  });
});

describe("what a driver or a client says", () => {
  const uri = "postgresql://app:hunter2@db.example.com:5432/shop";

  it.each(["console", "json"])("is written in %s without passwords and personal data", async (encoding) => {
    const { lines, logger } = await logged({ encoding });
    const cause = Object.assign(new Error(`getaddrinfo ENOTFOUND ${uri}`), { code: "ENOTFOUND" });
    const error = new DbintelError(`cannot connect: ${uri}`, { code: "DBI_DATABASE_UNREACHABLE", cause });
    logger.error({ ...component, error }, `gave up on ${uri}`);
    logger.warn({ client: { password: "hunter2", user: "ann@example.com" } }, "refused");
    logger.warn({ reason: "password=hunter2 host=db" }, "not a connection string");
    logger.info({ sql: "ALTER ROLE app PASSWORD 'hunter2'" }, "a statement");
    logger.info({ query: "SELECT * FROM users WHERE name = 'hunter2' AND note = $$hunter2$$" }, "another");
    await logger.flush();
    expect(lines).toHaveLength(5);
    const text = lines.join("");
    expect(text).not.toContain("hunter2");
    expect(text).not.toContain("ann@example.com");
    expect(text).toContain("db.example.com:5432/shop");
    expect(text).toContain("SELECT * FROM users WHERE name = ?");
  });

  it("is written without passwords where a defect's stack repeats it", async () => {
    const { lines, logger } = await logged({});
    logger.error({ ...component, error: new TypeError(`cannot read ${uri}`) }, "a defect");
    await logger.flush();
    expect(lines[0]).toContain("logger.test.ts");
    expect(lines[0]).not.toContain("hunter2");
  });

  it("is said once, without the stack of what is no defect", async () => {
    const { lines, logger } = await logged({});
    const refused = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    const code = "DBI_UNAVAILABLE";
    const told = new DbintelError("no answer: connect ECONNREFUSED 127.0.0.1:1", {
      code,
      hint: "start it",
      cause: refused,
    });
    logger.warn({ error: told }, "not sent");
    logger.warn({ error: new DbintelError("no answer", { code, cause: refused }) }, "not sent");
    logger.warn({ error: new DbintelError("no answer", { code, cause: told }) }, "not sent");
    await logger.flush();
    expect(lines.map((line) => line.slice(line.indexOf("error=")).trimEnd())).toEqual([
      'error="no answer: connect ECONNREFUSED 127.0.0.1:1" code=DBI_UNAVAILABLE hint="start it"',
      'error="no answer" code=DBI_UNAVAILABLE cause: error="connect ECONNREFUSED 127.0.0.1:1" code=ECONNREFUSED',
      'error="no answer" code=DBI_UNAVAILABLE cause: error="no answer: connect ECONNREFUSED 127.0.0.1:1" code=DBI_UNAVAILABLE hint="start it"',
    ]);
  });

  it("keeps its measured numbers, whose digits are nobody's", async () => {
    const { lines, logger } = await logged({});
    // In a run of digits this long the code that verifies telemetry finds telephone numbers.
    logger.warn({ share: 0.002025550123838745, of: "ann@example.com" }, "polled more rarely");
    logger.warn({ share: 0.004155550171838745, of: "ann@example.com" }, "polled more rarely");
    await logger.flush();
    expect(lines.join("")).not.toContain("REDACTED:phone");
    expect(lines[0]).toContain("share=0.002025550123838745");
  });

  it("about data loses what was quoted, and keeps what kind of fault it is", async () => {
    const { lines, logger } = await logged({});
    const error = Object.assign(new Error('invalid input syntax for type integer: "hunter2"'), { code: "22P02" });
    logger.warn({ error }, "a query failed");
    const near = "You have an error in your SQL syntax near 'IDENTIFIEDD BY 'hunter2'' at line 1";
    logger.warn({ error: Object.assign(new Error(near), { code: "ER_PARSE_ERROR" }) }, "a query failed");
    await logger.flush();
    expect(lines.join("")).not.toContain("hunter2");
    expect(lines[0]).toContain('invalid input syntax for type integer: \\"…\\"');
    expect(lines[1]).toContain("near '…' at line 1");
  });

  it("is not waited for by lines that hold nothing, and overtaken by none", async () => {
    const { lines, logger } = await logged({});
    logger.info({ endpoint: "127.0.0.1:4318", version: "1.2.3" }, "listening for OTLP/HTTP");
    expect(lines).toHaveLength(1);
    logger.info({ user: "ann@example.com" }, "looked at");
    logger.info({}, "after it");
    expect(lines).toHaveLength(1);
    await logger.flush();
    expect(lines.map((line) => line.includes("after it"))).toEqual([false, false, true]);
  });
});
