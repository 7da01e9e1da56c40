import { describe, expect, it } from "vitest";
import { detectorsAt, entities } from "./detectors.ts";
import { Scanner } from "./scanner.ts";
import { TextScrubber } from "./text-scrubber.ts";

const scanner = new Scanner(detectorsAt("high"));

/** What is found in a text: entity and the text itself. */
function found(text: string, key = ""): string[] {
  const bytes = Buffer.from(text);
  return scanner.find(bytes, key).map(({ entity, start, end }) => `${entity} ${bytes.toString("utf8", start, end)}`);
}

/** Numbers that their issuers publish as examples or that tell the rule, in a text that lets them count. */
const published: Readonly<Record<string, readonly (readonly [text: string, value: string])[]>> = {
  payment_card: [
    ["paid with 4111 1111 1111 1111", "4111 1111 1111 1111"],
    ["card=5555555555554444,", "5555555555554444"],
    ["amex 3782 822463 10005 ok", "3782 822463 10005"],
    ["6011-1111-1111-1117", "6011-1111-1111-1117"],
    ["diners 30569309025904", "30569309025904"],
    ["jcb 3530111333300000", "3530111333300000"],
    ["(12, 234, 4111111111111111, 7)", "4111111111111111"],
    ["row 234 4111 1111 1111 1111 3", "4111 1111 1111 1111"],
    ["card 6304000000000000000", ""],
  ],
  iban: [
    ["DE89370400440532013000", "DE89370400440532013000"],
    ["to GB82 WEST 1234 5698 7654 32 today", "GB82 WEST 1234 5698 7654 32"],
    ["fr1420041010050500013m02606", "fr1420041010050500013m02606"],
    ["NL91 ABNA 0417 1643 00", "NL91 ABNA 0417 1643 00"],
  ],
  us_ssn: [
    ["ssn 123-45-6789", "123-45-6789"],
    ["SSN: 536221234", "536221234"],
  ],
  us_itin: [["912-70-1234", "912-70-1234"]],
  us_ein: [["EIN 12-3456789", "12-3456789"]],
  us_aba_routing: [["routing number 011000015", "011000015"]],
  us_npi: [["npi=1234567893", "1234567893"]],
  uk_nhs: [["NHS 943 476 5919", "943 476 5919"]],
  uk_nino: [["nino AA 12 34 56 C", "AA 12 34 56 C"]],
  in_aadhaar: [
    ["2341 2341 2346", "2341 2341 2346"],
    ["2341 2341 2347", ""],
  ],
  in_pan: [["AFZPK7190K", "AFZPK7190K"]],
  ca_sin: [["SIN 046 454 286", "046 454 286"]],
  au_tfn: [["TFN 123 456 782", "123 456 782"]],
  au_abn: [["ABN 51 824 753 556", "51 824 753 556"]],
  pl_pesel: [["PESEL 44051401359", "44051401359"]],
  it_codice_fiscale: [["RSSMRA85T10A562S", "RSSMRA85T10A562S"]],
  es_dni: [["12345678Z", "12345678Z"]],
  es_nie: [["X1234567L", "X1234567L"]],
  nl_bsn: [["BSN 111222333", "111222333"]],
  br_cpf: [["529.982.247-25", "529.982.247-25"]],
  br_cnpj: [["11.222.333/0001-81", "11.222.333/0001-81"]],
  email: [
    ["Key (email)=(jane@example.com) already exists", "jane@example.com"],
    ["mailto:o'hara+tag@mail.example.co.uk", "o'hara+tag@mail.example.co.uk"],
    ["邮箱jürgen@müller.de。", "jürgen@müller.de"],
  ],
  phone: [
    ["call +49 (0)30 901820", "+49 (0)30 901820"],
    ["+14155552671", "+14155552671"],
    ["(415) 555-2671", "(415) 555-2671"],
    ["Tel. 030 901820-00", "030 901820-00"],
  ],
  ipv4: [["from 203.0.113.7:5432", "203.0.113.7"]],
  ipv6: [["at 2001:db8::ff00:42:8329 port", "2001:db8::ff00:42:8329"]],
  mac_address: [["00:1b:44:11:3a:b7", "00:1b:44:11:3a:b7"]],
  jwt: [
    [
      "t=eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
      "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ],
  ],
  private_key: [
    [
      "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b",
      "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----",
    ],
    ["-----BEGIN PRIVATE KEY-----\nMIIEvQ", "-----BEGIN PRIVATE KEY-----\nMIIEvQ"],
  ],
  aws_access_key: [["AKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPLE"]],
  aws_secret_key: [
    ["SecretAccessKey wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"],
  ],
  gcp_key: [[`AIza${"Sy0a-B_c9".repeat(4).slice(0, 35)}`, `AIza${"Sy0a-B_c9".repeat(4).slice(0, 35)}`]],
  azure_key: [[`;AccountKey=${"Ab0+".repeat(21)}Ab==;`, `${"Ab0+".repeat(21)}Ab==`]],
  github_token: [[`ghp_${"a1B2".repeat(9)}`, `ghp_${"a1B2".repeat(9)}`]],
  gitlab_token: [["glpat-0123456789abcdefghij", "glpat-0123456789abcdefghij"]],
  slack_token: [[`xoxb-${"123456789012-"}abcdefghij`, `xoxb-${"123456789012-"}abcdefghij`]],
  stripe_key: [[`sk_test_${"4eC39HqLyjWDarjtT1zdp7dc"}`, `sk_test_${"4eC39HqLyjWDarjtT1zdp7dc"}`]],
  sendgrid_key: [
    [`SG.${"a1B2c3D4e5F6g7H8i9J0k1"}.${"a1".repeat(21)}Z`, `SG.${"a1B2c3D4e5F6g7H8i9J0k1"}.${"a1".repeat(21)}Z`],
  ],
  ai_key: [[`sk-proj-${"aB3d".repeat(10)}`, `sk-proj-${"aB3d".repeat(10)}`]],
  npm_token: [[`npm_${"a1B2".repeat(9)}`, `npm_${"a1B2".repeat(9)}`]],
  new_relic_key: [
    [`key ${"0a1b2c3d4e5f".repeat(3)}NRAL`, `${"0a1b2c3d4e5f".repeat(3)}NRAL`],
    [`eu01xx${"0123456789abcdef".repeat(2)}01`, `eu01xx${"0123456789abcdef".repeat(2)}01`],
    [`NRAK-${"ABCDEFGHI".repeat(3)}`, `NRAK-${"ABCDEFGHI".repeat(3)}`],
    [`NRJS-${"0123456789abcdef012"}`, `NRJS-${"0123456789abcdef012"}`],
    [`NRII-${"aB3_".repeat(8)}`, `NRII-${"aB3_".repeat(8)}`],
    [`license key ${"0123456789abcdef".repeat(2)}01234567`, `${"0123456789abcdef".repeat(2)}01234567`],
  ],
  connection_uri: [
    ["postgresql://app:s3cr3t@db.internal:5432/shop", "s3cr3t"],
    ["redis://:p@ss@cache:6379", "p@ss"],
  ],
  sql_password: [
    ["ALTER ROLE app PASSWORD 'S3cretPw!'", "S3cretPw!"],
    ["CREATE USER 'a'@'%' IDENTIFIED BY 'o''clock9'", "o''clock9"],
    ['ALTER USER a IDENTIFIED WITH caching_sha2_password BY "dq1"', "dq1"],
    ["SET PASSWORD FOR 'bob'@'%' = PASSWORD('x9y8')", "x9y8"],
    ["CREATE ROLE r LOGIN PASSWORD 'cut of", "cut of"],
  ],
  password_hash: [
    ["md50a4d0a1b2c3d4e5f60718293a4b5c6d7", "md50a4d0a1b2c3d4e5f60718293a4b5c6d7"],
    [`*${"2470C0C06DEE42FD1618BBB99005ADCA2EC9D1E1"}`, `*${"2470C0C06DEE42FD1618BBB99005ADCA2EC9D1E1"}`],
  ],
  authorization: [["Authorization: Bearer 0123456789abcdefghij", "0123456789abcdefghij"]],
  credential: [
    ["host=db password=hunter user=app", "hunter"],
    ['{"api_key":"k-123"}', "k-123"],
    ["password: hunter2", "hunter2"],
    ["client_secret=abc.def-9&x=1", "abc.def-9"],
    ["primary_conninfo = 'host=a password=pq9 port=1'", "pq9"],
  ],
};

/** An attribute of a log record alone: attributes(6) KeyValue => key(1) STRING, value(2) AnyValue => string(1) STRING. */
function attributeOf(key: string, text: string): Buffer {
  const field = (tag: number, content: Buffer) => {
    const { length } = content;
    return Buffer.concat([
      Buffer.from(length < 128 ? [tag, length] : [tag, (length & 127) | 128, length >> 7]),
      content,
    ]);
  };
  const value = field(0x12, field(0x0a, Buffer.from(text)));
  return field(0x32, Buffer.concat([field(0x0a, Buffer.from(key)), value]));
}

describe("published examples", () => {
  it("has one for every entity", () => {
    expect(Object.keys(published).sort()).toEqual(entities);
  });

  const cases = Object.entries(published).flatMap(([entity, examples]) =>
    examples.map(([text, value]) => ({ entity, text, value })),
  );
  it.each(cases)("finds $entity in $text", ({ entity, text, value }) => {
    expect(found(text)).toEqual(value === "" ? [] : [`${entity} ${value}`]);
    if (value === "") return;
    expect(scanner.mayHold(Buffer.from(`\x0a\x61${text}\x32\x04\x0a\x02`))).toBe(true);
    expect(scanner.mayHold(attributeOf("k", text))).toBe(true);
  });

  it.each([
    ["a checksum that is wrong", "4111 1111 1111 1112"],
    ["a digit for a letter", "12345678A"],
    ["times and ids", "1732195200000 1732195200000000 1732195200000000000 at 12:34:56"],
    ["a query id of 19 digits", "query 4716952830412987310"],
    ["an area that is not given out", "666-12-1234 000-12-1234 923-12-1234"],
    ["bare nine digits", "order 536221234"],
    ["columns that are compared", "WHERE u.password = v.password AND token = t.token"],
    ["placeholders", "password = $1, password=?, PASSWORD '?', IDENTIFIED BY '', api_key: null"],
    ["a setting whose name has the word", "password_encryption = 'scram-sha-256'"],
    ["files and accounts", "logo@2x.png root@localhost 'app'@'%' @media"],
    ["a UUID", "9d3b1f0e-6a7c-4e0b-8d5a-1234567890ab"],
    ["a version and a date", "PostgreSQL 18.4.0 on 2026-11-21 12:00:00.123456+00"],
    ["a failure to authenticate", 'FATAL: password authentication failed for user "app"'],
    ["a commit", "commit 0123456789abcdef0123456789abcdef01234567"],
  ])("finds nothing in %s", (_, text) => {
    expect(found(text)).toEqual([]);
  });
});

describe("context", () => {
  it("may be the name of the attribute", () => {
    expect(found("5552671234", "customer.phone")).toEqual(["phone 5552671234"]);
    expect(found("5552671234", "customerPhone")).toEqual(["phone 5552671234"]);
    expect(found("5552671234", "order.id")).toEqual([]);
    expect(scanner.mayHold(attributeOf("customer.phone", "5552671234"))).toBe(true);
  });

  it("may be the last word of a message", () => {
    const text = "Duplicate entry 5552671234 for key users.phone";
    expect(found(text)).toEqual(["phone 5552671234"]);
    expect(scanner.mayHold(attributeOf("k", text))).toBe(true);
  });

  it("is a word of its own", () => {
    expect(found("using 046454286")).toEqual([]);
    expect(found("sin=046454286")).toEqual(["ca_sin 046454286"]);
  });
});

describe("levels", () => {
  it("are three, and any other text is refused instead of finding nothing", () => {
    const refused = {
      code: "DBI_CONFIG_INVALID",
      message: '"hihg" is no level of sensitivity',
      hint: "one of low, medium, high",
    };
    expect(() => detectorsAt("hihg" as never)).toThrow(expect.objectContaining(refused));
    expect(() => new TextScrubber("hihg" as never)).toThrow(expect.objectContaining(refused));
  });

  it("look for more the higher they are", () => {
    const text = Buffer.from("jane@example.com 203.0.113.7 4111111111111111");
    const at = (level: "low" | "medium" | "high") =>
      new Scanner(detectorsAt(level)).find(text).map(({ entity }) => entity);
    expect(at("low")).toEqual(["payment_card"]);
    expect(at("medium")).toEqual(["email", "payment_card"]);
    expect(at("high")).toEqual(["email", "ipv4", "payment_card"]);
  });
});
