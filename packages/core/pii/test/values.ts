import { createHmac } from "node:crypto";
import { type Draw, letters } from "./draw.ts";
import { type Locale, locales, phoneOf } from "./locales.ts";

/** A value that must be found, and the words that may stand before it or name its column. */
export interface Planted {
  readonly entity: string;
  /** What stands in the text; the sensitive part of it is `value`. */
  readonly shown: string;
  readonly value: string;
  readonly labels: readonly string[];
  /** Only these forms of text make sense with it: "sql" has quotes of its own. */
  readonly bare?: true;
}

type Maker = (draw: Draw, locale: Locale) => Omit<Planted, "entity" | "value"> & { readonly value?: string };

/** The digit that makes a weighted sum right, found by trying: the check digits of this file are not those of the source. */
function completed(prefix: string, isRight: (digits: string) => boolean): string | undefined {
  return Array.from({ length: 10 }, (_, digit) => `${prefix}${digit}`).find(isRight);
}

/** Draws until something comes of it: some numbers have no check digit. */
function until(make: () => string | undefined): string {
  for (;;) {
    const made = make();
    if (made !== undefined) return made;
  }
}

const sum = (digits: string, weights: readonly number[]) =>
  Array.from(digits).reduce((total, digit, at) => total + Number(digit) * (weights[at] ?? 0), 0);

function luhnDigits(prefix: string): string {
  const doubled = Array.from(prefix)
    .reverse()
    .map((digit, at) => (at % 2 === 0 ? Number(digit) * 2 : Number(digit)));
  const total = doubled.reduce((all, value) => all + (value > 9 ? value - 9 : value), 0);
  return `${prefix}${(10 - (total % 10)) % 10}`;
}

function grouped(digits: string, sizes: readonly number[], separator: string): string {
  const ends = sizes.map((_, at) => sizes.slice(0, at + 1).reduce((all, size) => all + size, 0));
  return sizes.map((size, at) => digits.slice((ends[at] ?? 0) - size, ends[at])).join(separator);
}

function cardOf(draw: Draw): string {
  const separator = draw.of(["", " ", "-"]);
  switch (draw.below(4)) {
    case 0:
      return grouped(luhnDigits(draw.of(["34", "37"]) + draw.digits(12)), [4, 6, 5], separator);
    case 1:
      return grouped(luhnDigits(`5${draw.between(1, 5)}${draw.digits(13)}`), [4, 4, 4, 4], separator);
    case 2:
      return grouped(luhnDigits(`6011${draw.digits(11)}`), [4, 4, 4, 4], separator);
    default:
      return grouped(luhnDigits(`4${draw.digits(14)}`), [4, 4, 4, 4], separator);
  }
}

function ibanOf(draw: Draw, form: string): string {
  const country = form.slice(0, 2);
  const account = Array.from(form.slice(2))
    .map((kind) => (kind === "n" ? draw.digits(1) : draw.text(letters, 1)))
    .join("");
  const value = Array.from(`${account}${country}00`)
    .map((character) => Number.parseInt(character, 36))
    .join("");
  const check = (98n - (BigInt(value) % 97n)).toString().padStart(2, "0");
  const iban = country + check + account;
  return draw.below(2) === 0 ? iban : (iban.match(/.{1,4}/g) ?? []).join(" ");
}

/** Verhoeff's check by the multiplication of D5 written out, not by its table. */
function verhoeffDigits(prefix: string): string | undefined {
  const times = (a: number, b: number) =>
    a < 5 ? (b < 5 ? (a + b) % 5 : ((a + b) % 5) + 5) : b < 5 ? ((((a - b) % 5) + 5) % 5) + 5 : (((a - b) % 5) + 5) % 5;
  const base = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
  const permuted = (digit: number, turns: number): number =>
    turns === 0 ? digit : permuted(base[digit] ?? 0, turns - 1);
  return completed(
    prefix,
    (digits) =>
      Array.from(digits)
        .reverse()
        .reduce((check, digit, at) => times(check, permuted(Number(digit), at % 8)), 0) === 0,
  );
}

const odd = "B A K P L C Q D R E V O S F T G U H M I N J W Z Y X".split(" ");

function codiceFiscaleOf(draw: Draw): string {
  const consonants = "BCDFGLMNPRSTVZ";
  const body = `${draw.text(consonants, 6)}${draw.digits(2)}${draw.text("ABCDEHLMPRST", 1)}${draw.between(10, 31)}${draw.text("ABCDEFGHIL", 1)}${draw.digits(3)}`;
  const even = (character: string) => (/[0-9]/.test(character) ? Number(character) : character.charCodeAt(0) - 65);
  const total = Array.from(body).reduce(
    (all, character, at) => all + (at % 2 === 1 ? even(character) : odd.indexOf(letters[even(character)] ?? "")),
    0,
  );
  return body + letters[total % 26];
}

const base64url = (text: string) => Buffer.from(text).toString("base64url");
const ascii =
  (labels: readonly string[], make: (draw: Draw) => string | undefined): Maker =>
  (draw) => ({ shown: until(() => make(draw)), labels });
const inside =
  (labels: readonly string[], make: (draw: Draw) => { readonly shown: string; readonly value: string }): Maker =>
  (draw) => ({ ...make(draw), labels, bare: true });

/** Makes values of each entity. */
export const makers: Readonly<Record<string, Maker>> = {
  email: (draw, { people, hosts }) => ({
    shown: `${draw.of(people)}${draw.below(100)}@${draw.of(hosts)}`,
    labels: ["email", "contact"],
  }),
  phone: (draw, locale) => ({ shown: phoneOf(draw, locale), labels: locale.phone }),
  payment_card: (draw, { card }) => ({ shown: cardOf(draw), labels: [card] }),
  iban: (draw, { iban }) => ({
    shown: ibanOf(draw, draw.of(iban.length > 0 ? iban : locales.flatMap((locale) => locale.iban))),
    labels: ["IBAN", "account"],
  }),
  us_ssn: (draw) => {
    const ssn = `${draw.between(100, 665)}-${draw.between(10, 99)}-${draw.between(1000, 9999)}`;
    return draw.below(2) === 0
      ? { shown: ssn, labels: ["person", "tax"] }
      : { shown: ssn.replaceAll("-", ""), labels: ["ssn", "social security number"] };
  },
  us_itin: ascii(["itin", "taxpayer"], (draw) => `9${draw.digits(2)}-${draw.between(70, 88)}-${draw.digits(4)}`),
  us_ein: ascii(
    ["EIN", "employer identification number"],
    (draw) => `${draw.of(["12", "36", "84"])}-${draw.digits(7)}`,
  ),
  us_aba_routing: ascii(["routing number", "aba"], (draw) =>
    completed(
      `0${draw.between(1, 9)}${draw.digits(6)}`,
      (digits) => sum(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0,
    ),
  ),
  us_npi: ascii(["npi"], (draw) => luhnDigits(`808401${draw.digits(8)}`).slice(5)),
  uk_nhs: ascii(["nhs number", "NHS"], (draw) => {
    const digits = completed(draw.digits(9), (all) => sum(all, [10, 9, 8, 7, 6, 5, 4, 3, 2, 1]) % 11 === 0);
    return digits && grouped(digits, [3, 3, 4], draw.of(["", " ", "-"]));
  }),
  uk_nino: ascii(["nino", "insurance"], (draw) =>
    grouped(
      `${draw.of(["AB", "CE", "JK", "PX"])}${draw.digits(6)}${draw.text("ABCD", 1)}`,
      [2, 2, 2, 2, 1],
      draw.of(["", " "]),
    ),
  ),
  in_aadhaar: ascii(["aadhaar", "uidai"], (draw) => {
    const digits = verhoeffDigits(`${draw.between(2, 9)}${draw.digits(10)}`);
    return digits && grouped(digits, [4, 4, 4], draw.of(["", " "]));
  }),
  in_pan: ascii(
    ["income tax", "holder"],
    (draw) => `${draw.text(letters, 3)}P${draw.text(letters, 1)}${draw.digits(4)}${draw.text(letters, 1)}`,
  ),
  ca_sin: ascii(["SIN", "social insurance number"], (draw) =>
    grouped(luhnDigits(`${draw.between(1, 7)}${draw.digits(7)}`), [3, 3, 3], draw.of(["", " ", "-"])),
  ),
  au_tfn: ascii(["tfn", "tax file number"], (draw) => {
    const digits = completed(draw.digits(8), (all) => sum(all, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0);
    return digits && grouped(digits, [3, 3, 3], draw.of(["", " "]));
  }),
  au_abn: ascii(["ABN"], (draw) => {
    const digits = completed(
      `${draw.between(10, 99)}${draw.digits(8)}`,
      (all) => (sum(all, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0,
    );
    return digits && grouped(digits, [2, 3, 3, 3], draw.of(["", " "]));
  }),
  pl_pesel: ascii(["PESEL"], (draw) =>
    completed(
      `${draw.digits(2)}0${draw.between(1, 9)}${draw.between(10, 28)}${draw.digits(4)}`,
      (all) => sum(all, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]) % 10 === 0,
    ),
  ),
  it_codice_fiscale: ascii(["codice fiscale", "cittadino"], codiceFiscaleOf),
  es_dni: ascii(["DNI", "cliente"], (draw) => {
    const digits = draw.digits(8);
    return `${digits}${"TRWAGMYFPDXBNJZSQVHLCKE"[Number(digits) % 23]}`;
  }),
  es_nie: ascii(["NIE", "cliente"], (draw) => {
    const first = draw.below(3);
    const digits = draw.digits(7);
    return `${"XYZ"[first]}${digits}${"TRWAGMYFPDXBNJZSQVHLCKE"[Number(`${first}${digits}`) % 23]}`;
  }),
  nl_bsn: ascii(["BSN", "burgerservicenummer"], (draw) =>
    completed(`${draw.between(1, 9)}${draw.digits(7)}`, (all) => sum(all, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0),
  ),
  br_cpf: ascii(["CPF"], (draw) => {
    const first = completed(
      draw.digits(9),
      (all) => ((sum(all, [10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10 === Number(all[9]),
    );
    const all =
      first &&
      completed(
        first,
        (digits) => ((sum(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10 === Number(digits[10]),
      );
    return all && draw.of([all, `${grouped(all.slice(0, 9), [3, 3, 3], ".")}-${all.slice(9)}`]);
  }),
  br_cnpj: ascii(["CNPJ"], (draw) => {
    const first = completed(
      `${draw.digits(8)}0001`,
      (all) => ((sum(all, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10 === Number(all[12]),
    );
    const all =
      first &&
      completed(
        first,
        (digits) => ((sum(digits, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]) * 10) % 11) % 10 === Number(digits[13]),
      );
    return all && draw.of([all, `${grouped(all.slice(0, 8), [2, 3, 3], ".")}/${all.slice(8, 12)}-${all.slice(12)}`]);
  }),
  ipv4: ascii(
    ["peer", "client"],
    (draw) => `${draw.between(1, 126)}.${draw.below(256)}.${draw.below(256)}.${draw.between(1, 254)}`,
  ),
  ipv6: ascii(["peer", "client"], (draw) => `2001:db8:${draw.hex(4)}::${draw.hex(4)}:${draw.hex(4)}`),
  mac_address: ascii(["device", "nic"], (draw) => (draw.hex(12).match(/../g) ?? []).join(draw.of([":", "-"]))),
  jwt: ascii(["session", "jwt"], (draw) => {
    const content = `${base64url('{"alg":"HS256","typ":"JWT"}')}.${base64url(`{"sub":"${draw.digits(8)}"}`)}`;
    return `${content}.${createHmac("sha256", draw.hex(8)).update(content).digest("base64url")}`;
  }),
  private_key: ascii(
    ["key", "pem"],
    (draw) =>
      `-----BEGIN ${draw.of(["RSA ", "EC ", ""])}PRIVATE KEY-----\\n${draw.token(64)}\\n-----END PRIVATE KEY-----`,
  ),
  aws_access_key: ascii(
    ["aws", "key id"],
    (draw) => `${draw.of(["AKIA", "ASIA"])}${draw.text(`${letters}234567`, 16)}`,
  ),
  aws_secret_key: ascii(["aws_secret_access_key", "SecretAccessKey"], (draw) => draw.token(40)),
  gcp_key: ascii(["google", "maps"], (draw) => `AIza${draw.token(35)}`),
  azure_key: inside(["storage", "azure"], (draw) => {
    const value = `${draw.token(86)}==`;
    return { shown: `AccountName=shop;AccountKey=${value};EndpointSuffix=core.windows.net`, value };
  }),
  github_token: ascii(["github", "ci"], (draw) => draw.of([`ghp_${draw.token(36)}`, `github_pat_${draw.token(60)}`])),
  gitlab_token: ascii(["gitlab", "ci"], (draw) => `glpat-${draw.token(20)}`),
  slack_token: ascii(["slack", "bot"], (draw) => `xoxb-${draw.digits(12)}-${draw.token(24)}`),
  stripe_key: ascii(["stripe", "payments"], (draw) => `${draw.of(["sk_live_", "rk_test_"])}${draw.token(24)}`),
  sendgrid_key: ascii(["sendgrid", "mailer"], (draw) => `SG.${draw.token(22)}.${draw.token(43)}`),
  ai_key: ascii(["llm", "model"], (draw) => `sk-${draw.of(["", "proj-", "ant-"])}${draw.token(48)}`),
  npm_token: ascii(["npm", "registry"], (draw) => `npm_${draw.token(36)}`),
  new_relic_key: ascii(["new_relic_license_key", "new relic"], (draw) =>
    draw.of([
      `${draw.hex(36)}NRAL`,
      `eu01xx${draw.hex(34)}`,
      `NRAK-${draw.text(`${letters}0123456789`, 27)}`,
      `NRII-${draw.token(32)}`,
      draw.hex(40),
    ]),
  ),
  connection_uri: inside(["dsn", "target"], (draw) => {
    const value = draw.token(12);
    return {
      shown: `${draw.of(["postgresql", "mysql", "redis", "mongodb+srv", "https"])}://app:${value}@db${draw.below(9)}.internal:5432/shop`,
      value,
    };
  }),
  sql_password: inside(["statement", "utility"], (draw) => {
    const value = draw.of([draw.token(10), `o''${draw.token(8)}`, `p w ${draw.token(6)}`]);
    return {
      shown: draw.of([
        `ALTER ROLE app PASSWORD '${value}'`,
        `CREATE USER 'app'@'%' IDENTIFIED BY '${value}'`,
        `ALTER USER app IDENTIFIED WITH caching_sha2_password BY '${value}'`,
        `SET PASSWORD FOR 'app'@'%' = '${value}'`,
        `CREATE ROLE r LOGIN ENCRYPTED PASSWORD '${value}' VALID UNTIL 'infinity'`,
      ]),
      value,
    };
  }),
  password_hash: ascii(["rolpassword", "digest"], (draw) =>
    draw.of([
      `md5${draw.hex(32)}`,
      `SCRAM-SHA-256$4096:${draw.token(22)}==$${draw.token(43)}=:${draw.token(43)}=`,
      `$2b$12$${draw.token(53)}`,
    ]),
  ),
  authorization: inside(["header", "request"], (draw) => {
    const value = draw.token(32);
    return { shown: `Authorization: ${draw.of(["Bearer", "Basic"])} ${value}`, value };
  }),
  credential: inside(["config", "options"], (draw) => {
    const value = draw.token(10);
    return {
      shown: draw.of([
        `host=db port=5432 password=${value} dbname=shop`,
        `{"api_key":"${value}"}`,
        `client_secret=${value}&grant_type=x`,
        `pwd: ${value}`,
        `OPTIONS (user 'x', password '${value}')`,
        `secret => '${value}'`,
      ]),
      value,
    };
  }),
};
