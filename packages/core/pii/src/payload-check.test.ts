import { decode, logsBuilder, metricsBuilder, tracesBuilder } from "@dbintel/pdata";
import { expect, it } from "vitest";
import { entities } from "./detectors.ts";
import { PayloadCheck } from "./payload-check.ts";

const check = new PayloadCheck({ entities: new Set(entities), canaries: ["planted-7f3a"] });

function logOf(body: string): Uint8Array {
  return logsBuilder()
    .resource({ attributes: { "service.name": "shop" } })
    .scope({ name: "test" })
    .record({ body: "first" })
    .record({ body })
    .build()
    .encode();
}

const found = (body: string) =>
  check.check("logs", logOf(body)).map(({ entity, first, end }) => `${entity} ${first}-${end}`);

it.each([
  ["email", "Key (email)=(jane@example.com) already exists"],
  ["email", "jane7@example.com"],
  ["email", "jane77@example.com"],
  ["email", "777@example.com"],
  ["payment_card", "card 4111111111111111."],
  ["payment_card", "4111-1111-1111-1111"],
  ["us_ssn", "ssn 123-45-6789"],
  ["us_ssn", "1 12 123-45-6789"],
  ["connection_uri", "postgres://app:s3cr3t!@db:5432/shop"],
  ["private_key", "-----BEGIN RSA PRIVATE KEY-----\nMIIE"],
  ["aws_access_key", "id=AKIAIOSFODNN7EXAMPLE"],
  ["github_token", `ghp_${"a1B2".repeat(9)}`],
  ["stripe_key", `sk_test_${"4eC39HqLyjWDarjtT1zdp7dc"}`],
  ["slack_token", `xoxb-${"1234567890"}-x`],
  ["new_relic_key", `${"0a1b2c3d4e5f".repeat(3)}NRAL`],
  ["new_relic_key", `NRAK-${"ABCDEFGHI".repeat(3)}`],
  ["jwt", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmN"],
  ["canary", "x planted-7f3a y"],
])("sees %s in %s", (entity, body) => {
  expect(found(body)).toEqual([`${entity} 1-2`]);
});

it.each([
  "card 4111111111111112, 41111111111111111, 1732195200000000",
  "postgres://app@db:5432 postgres://app:***@db postgres://app:[REDACTED:connection_uri]@db.example.com",
  "root@localhost logo@2x.png [REDACTED:email]",
  "666-45-6789 123-45-67890 eyJ.a.b AKIA -----BEGIN CERTIFICATE-----",
])("sees nothing in %s", (body) => {
  expect(found(body)).toEqual([]);
});

it("looks at every text, at what nobody knows, and at what is no message", () => {
  const payload = logsBuilder()
    .resource({ attributes: { owner: "jane@example.com" } })
    .scope({ name: "test" })
    .record({ body: new Map([["a", ["x", new Map([["b", "joe@example.com"]])]]]) })
    .build()
    .encode();
  // Field 31 of the request, which OTLP does not have; then bytes that are no field.
  const unknown = Buffer.concat([
    payload,
    Buffer.from([0xfa, 0x01, 15]),
    Buffer.from("ann@example.com"),
    Buffer.from([0xff]),
  ]);
  expect(check.check("logs", unknown).map(({ first, end }) => [first, end])).toEqual([
    [0, 1],
    [0, 1],
    [0, 1],
  ]);
});

it("tells which items a violation belongs to in metrics and traces", () => {
  const resource = { attributes: { "service.name": "shop" } };
  const point = { timeUnixNano: 1n, value: 1 };
  const metrics = metricsBuilder()
    .resource(resource)
    .scope({ name: "test" })
    .gauge({ name: "a" }, [point])
    .gauge({ name: "b", description: "for jane@example.com" }, [point, point])
    .build();
  expect(check.check("metrics", metrics.encode())).toMatchObject([{ entity: "email", first: 1, end: 3 }]);
  const span = {
    traceId: `${"0".repeat(31)}1`,
    spanId: `${"0".repeat(15)}1`,
    startTimeUnixNano: 1n,
    endTimeUnixNano: 2n,
  };
  const traces = tracesBuilder()
    .resource(resource)
    .scope({ name: "jane@example.com" })
    .span({ ...span, name: "a" })
    .span({ ...span, name: "b" })
    .build();
  expect(check.check("traces", traces.encode())).toMatchObject([{ entity: "email", first: 0, end: 2 }]);
});

it("lets pass what is allowed, and what it was not asked for", () => {
  const payload = logOf("support@example.com and 4111111111111111");
  const cards = new PayloadCheck({ entities: new Set(["payment_card"]) });
  expect(cards.check("logs", payload).map(({ entity }) => entity)).toEqual(["payment_card"]);
  const emails = new PayloadCheck({ entities: new Set(["email"]) });
  expect(emails.check("logs", payload, (text) => text === "support@example.com")).toEqual([]);
});

it("blames everything when there is too much to look up", () => {
  const payload = logOf("a@example.com ".repeat(101));
  const violations = check.check("logs", payload);
  expect(violations).toHaveLength(101);
  expect(violations[100]).toMatchObject({ first: 0, end: Number.POSITIVE_INFINITY });
  expect(decode("logs", payload).count).toBe(2);
});
