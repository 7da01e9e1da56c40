import type { Detector, Verdict } from "./detector.ts";

/** What stands where a secret would, and is none. */
const placeholder =
  /^(?:\?+|\$[0-9]+|[:@][a-z_]\w*|%s|\*+|x{3,}|null|none|nil|true|false|undefined|required|optional|missing|empty|<[^>]*>|\$?\{[^}]*\}+|\[[a-z_]+(?:[: ][^\]]*)?\]?)$/i;

/** The range of a value without its quotes, or false for a placeholder. */
function unquoted(candidate: string): Verdict {
  const quote = candidate[0];
  const isQuoted = quote === '"' || quote === "'";
  const isClosed = isQuoted && candidate.length > 1 && candidate.endsWith(quote);
  const start = isQuoted ? 1 : 0;
  const end = candidate.length - (isClosed ? 1 : 0);
  const value = candidate.slice(start, end);
  return value.trim() !== "" && !placeholder.test(value) && [start, end];
}

/**
 * The value behind `name =`. In a statement `t.password = u.password` compares columns: what is written there without
 * quotes is a secret only when it has a digit.
 */
function assigned(candidate: string, before: string): Verdict {
  const isQuoted = candidate.startsWith('"') || candidate.startsWith("'");
  const isComparison = /\s=\s*$|=\s+$/.test(before);
  const isToken = /token["'\\]{0,3}\s*[:=]/i.test(before);
  if (!isQuoted && (isComparison || isToken) && !/[0-9]/.test(candidate)) return false;
  if (!isQuoted && /\($|^[a-z_]\w*\(/i.test(candidate)) return false;
  return unquoted(candidate);
}

const names =
  "passw(?:or)?d|passphrase|pwd|pass_?wd|kennwort|passwort|contraseña|mot_de_passe|senha|пароль|パスワード|密码|" +
  "(?:client|app|shared|api)?[_-]?secret(?:[_-]?key)?|api[_-]?key|access[_-]?key|private[_-]?key|" +
  "(?:auth|access|refresh|id|session|bearer|api)?[_-]?token|license[_-]?key";
const quotedOrWord = `"(?:[^"\\\\]|\\\\.)*"?|'(?:[^'\\\\]|''|\\\\.)*'?`;

/** Secrets that the text around them gives away, not their form. */
export const credentials: readonly Detector[] = [
  {
    entity: "private_key",
    level: "low",
    pattern: "(?s)-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]{0,40}-----|\\z)",
    sign: "PRIVATE KEY",
  },
  {
    entity: "connection_uri",
    level: "low",
    pattern: `(?i)\\b[a-z][a-z0-9+.-]{1,30}://[^\\s:/@'"<>]{0,128}:(?P<value>[^\\s'"<>]{1,256})@`,
    sign: "://[^\\s:/@]{0,128}:[^\\s]{1,256}@",
    accept: unquoted,
  },
  {
    // MySQL and MariaDB, Oracle: CREATE USER … IDENTIFIED WITH plugin BY '…' REPLACE '…'.
    entity: "sql_password",
    level: "low",
    pattern: `(?is)\\bIDENTIFIED\\s+(?:(?:WITH|VIA)\\s+\\S{1,64}\\s+)?(?:BY|AS|USING)\\s+(?:PASSWORD\\s*\\(?\\s*)?(?P<value>${quotedOrWord}|[^\\s;'"]+)`,
    sign: "(?i)identified\\s",
    accept: unquoted,
  },
  {
    // PASSWORD '…' of PostgreSQL, PASSWORD('…') and SET PASSWORD = '…' of MySQL.
    entity: "sql_password",
    level: "low",
    pattern: `(?is)\\bPASSWORD(?:\\s+FOR\\s+\\S{1,128})?\\s*(?:=\\s*)?(?:PASSWORD\\s*)?\\(?\\s*(?:E|N|U&)?(?P<value>'(?:[^'\\\\]|''|\\\\.)*'?)`,
    sign: "(?i)password",
    accept: unquoted,
  },
  {
    entity: "password_hash",
    level: "low",
    pattern:
      "\\bmd5[0-9a-f]{32}\\b|SCRAM-SHA-(?:1|256|512)\\$[0-9]{1,9}:[A-Za-z0-9+/=]{8,}\\$[A-Za-z0-9+/=:]{16,}|" +
      "\\$2[abxy]\\$[0-9]{2}\\$[./A-Za-z0-9]{53}|\\$argon2(?:id|i|d)\\$[A-Za-z0-9$=,+/]{20,}|\\*[0-9A-F]{40}\\b",
  },
  {
    entity: "authorization",
    level: "low",
    pattern: "(?i)\\b(?:bearer|basic|apikey)\\s+(?P<value>[a-z0-9._~+/-]{16,}={0,2})",
    sign: "(?i)(?:bearer|basic|apikey)\\s",
    // Words of prose are longer than 16 letters too rarely to tell; a token has digits.
    accept: (candidate) => /[0-9=]/.test(candidate),
  },
  {
    entity: "credential",
    level: "low",
    pattern: `(?i)(?:${names})["'\\\\]{0,3}\\s{0,3}(?:=>|:=|=|:)\\s{0,3}\\\\{0,2}(?P<value>${quotedOrWord}|[^\\s"'\\\\,;&)}\\]]+)`,
    sign: `(?i)(?:${names})["'\\\\]{0,3}\\s{0,3}[:=]`,
    accept: assigned,
  },
];
