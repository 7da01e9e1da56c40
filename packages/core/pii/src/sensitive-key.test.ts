import RE2 from "re2";
import { expect, it } from "vitest";
import { isSensitiveKey, sensitiveKeySign } from "./sensitive-key.ts";

const sign = new RE2(sensitiveKeySign);

it.each([
  "password",
  "user.password",
  "userPassword",
  "PASSWORD_HASH",
  "http.request.header.authorization",
  "api-key",
  "x_api_key",
  "customerPan",
  "card.number",
  "ssn2",
  "date_of_birth",
  "auth.token.value",
  "Mot de passe",
  "db.query.parameter.0",
])("%s is sensitive", (name) => {
  expect(isSensitiveKey(name)).toBe(true);
  expect(sign.test(Buffer.from(`\x0a${String.fromCharCode(name.length)}${name}\x12\x03`))).toBe(true);
});

it.each([
  "password_encryption",
  "token.count",
  "db.query.text",
  "span",
  "company",
  "tokens_per_second",
  "shipping",
  "key",
  "db.primary_key",
  "a".repeat(300),
])("%s is not", (name) => {
  expect(isSensitiveKey(name)).toBe(false);
  expect(sign.test(Buffer.from(`\x0a\x05${name}\x12\x03`))).toBe(false);
});
