import { isPaymentCard } from "./payment-card.ts";

/** What a check found: the name that the detectors have for it, and where it ends. */
type Hit = (entity: string, start: number, end: number) => void;

/** Classes of bytes that something sensitive has in it; of a word its rarest letter. */
const AT = 1;
const DIGIT = 2;
const COLON = 3;
const DASH = 4;
const UNDERSCORE = 5;
const UPPER_I = 6;
const UPPER_L = 7;
const UPPER_J = 8;

const classes = new Uint8Array(256);
classes[0x40] = AT;
classes.fill(DIGIT, 0x30, 0x3a);
classes[0x3a] = COLON;
classes[0x2d] = DASH;
classes[0x5f] = UNDERSCORE;
classes[0x49] = UPPER_I;
classes[0x4c] = UPPER_L;
classes[0x4a] = UPPER_J;

/**
 * Looks at one text byte by byte, without any pattern: the second opinion on what the scanner has let pass. It knows
 * the forms that nothing else has, and only such texts as the scanner reports too. Most bytes are passed over by one
 * look into a table, most others by a look at the next one (benchmark `verification`).
 */
export function checkText(bytes: Uint8Array, start: number, end: number, hit: Hit): void {
  for (let at = start; at < end; at++) {
    while (at < end && classes[bytes[at] as number] === 0) at++;
    if (at === end) return;
    switch (classes[bytes[at] as number]) {
      case AT:
        checkEmail(bytes, start, at, end, hit);
        break;
      case DIGIT:
        // Nothing is made of one or two digits, as most numbers are.
        if (classes[bytes[at + 1] as number] !== DIGIT) break;
        if (classes[bytes[at + 2] as number] !== DIGIT) at++;
        else at = checkNumber(bytes, start, at, end, hit);
        break;
      case COLON:
        if (bytes[at + 1] === 0x2f) checkUri(bytes, at, end, hit);
        break;
      case DASH:
        if (bytes[at + 1] === 0x2d && isPrivateKey(bytes, at, end)) {
          // What follows belongs to the key.
          hit("private_key", at, end);
          return;
        }
        if (endsPrefix[bytes[at - 1] as number] === 1) checkPrefixes(bytes, start, at, end, hit);
        break;
      case UNDERSCORE:
        if (endsPrefix[bytes[at - 1] as number] === 1) checkPrefixes(bytes, start, at, end, hit);
        break;
      case UPPER_I:
        if (bytes[at + 1] === 0x41) checkAccessKey(bytes, start, at - 2, end, hit);
        break;
      case UPPER_L:
        if (bytes[at - 1] === 0x41) checkLicenseKey(bytes, start, at, end, hit);
        break;
      case UPPER_J:
        if (bytes[at - 1] === 0x79) checkJwt(bytes, start, at - 2, end, hit);
        break;
      default:
    }
  }
}

const isDigit = (byte: number) => byte > 47 && byte < 58;
const isLetter = (byte: number) => (byte > 64 && byte < 91) || (byte > 96 && byte < 123);
const isWord = (byte: number) => isDigit(byte) || isLetter(byte) || byte === 0x5f;
const isToken = (byte: number) => isWord(byte) || byte === 0x2d;
const isUser = (byte: number) => byte > 0x20 && byte < 0x7f && !":/@'\"<>".includes(String.fromCharCode(byte));
const isSecret = (byte: number) => isWord(byte) || "!#%^&*()-+=.,~;".includes(String.fromCharCode(byte));
const isLocal = (byte: number) => isToken(byte) || byte === 0x2e || byte === 0x2b || byte === 0x25;

/** The position behind the bytes of a class from `at` on. */
function skip(bytes: Uint8Array, at: number, end: number, is: (byte: number) => boolean): number {
  let next = at;
  while (next < end && is(bytes[next] as number)) next++;
  return next;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString("latin1");
}

function startsWith(bytes: Uint8Array, at: number, end: number, text: string): boolean {
  if (at < 0 || at + text.length > end) return false;
  for (let offset = 0; offset < text.length; offset++) {
    if (bytes[at + offset] !== text.charCodeAt(offset)) return false;
  }
  return true;
}

/** Top-level domains that people write to most, and any of two letters: a country. */
const topDomains = new Set("com org net edu gov mil int info biz name io dev app example test".split(" "));

function checkEmail(bytes: Uint8Array, start: number, at: number, end: number, hit: Hit): void {
  const before = at > start ? (bytes[at - 1] as number) : 0;
  if (!isWord(before)) return;
  const domainEnd = skip(
    bytes,
    at + 1,
    Math.min(end, at + 256),
    (byte) => isLetter(byte) || isDigit(byte) || byte === 0x2d || byte === 0x2e,
  );
  const labels = textOf(bytes, at + 1, domainEnd).split(".");
  while (labels.length > 0 && labels.at(-1) === "") labels.pop();
  if (labels.length < 2 || labels.some((label) => label === "" || label.startsWith("-") || label.endsWith("-"))) return;
  if (!topDomains.has((labels.at(-1) ?? "").toLowerCase())) return;
  let first = at;
  while (first > start && at - first < 64 && isLocal(bytes[first - 1] as number)) first--;
  if (!isPassword(bytes, start, first)) hit("email", first, domainEnd);
}

/** Whether `://user:` stands before `at`: what follows is a password, or what stands in its place. */
function isPassword(bytes: Uint8Array, start: number, at: number): boolean {
  if (at <= start || bytes[at - 1] !== 0x3a) return false;
  const least = Math.max(start, at - 131);
  let user = at - 1;
  while (user > least && isUser(bytes[user - 1] as number)) user--;
  return user - 3 >= start && startsWith(bytes, user - 3, at, "://");
}

/** Cards without gaps and in groups of four, social security numbers with separators. Returns the last byte looked at. */
function checkNumber(bytes: Uint8Array, start: number, at: number, end: number, hit: Hit): number {
  let first = at + 1;
  while (first < end && classes[bytes[first] as number] === DIGIT) first++;
  const size = first - at;
  if (size !== 3 && size !== 4 && (size < 13 || size > 16)) return first - 1;
  const isOpen = at > start && isWord(bytes[at - 1] as number);
  if (isOpen || (first < end && isWord(bytes[first] as number))) return first - 1;
  if (size >= 13 && size <= 16) {
    if (isPaymentCard(textOf(bytes, at, first))) hit("payment_card", at, first);
  } else if (size === 4) {
    const last = groupsEnd(bytes, at, end, "4444");
    if (last > 0 && isPaymentCard(textOf(bytes, at, last).replaceAll(/[ -]/g, ""))) hit("payment_card", at, last);
  } else if (size === 3) {
    const last = groupsEnd(bytes, at, end, "324");
    const isGiven =
      last > 0 && /^(?!000|666|9)[0-9]{3}([ -])(?!00)[0-9]{2}\1(?!0000)[0-9]{4}$/.test(textOf(bytes, at, last));
    if (isGiven) hit("us_ssn", at, last);
  }
  return first - 1;
}

/** The end of digit groups of these sizes, each but the first behind a space or a hyphen; 0 where there are none. */
function groupsEnd(bytes: Uint8Array, at: number, end: number, sizes: string): number {
  let pos = at;
  for (let group = 0; group < sizes.length; group++) {
    if (group > 0) {
      if (bytes[pos] !== 0x20 && bytes[pos] !== 0x2d) return 0;
      pos++;
    }
    const next = skip(bytes, pos, end, isDigit);
    if (next - pos !== sizes.charCodeAt(group) - 48) return 0;
    pos = next;
  }
  return pos < end && isWord(bytes[pos] as number) ? 0 : pos;
}

/** `scheme://user:password@host` */
function checkUri(bytes: Uint8Array, at: number, end: number, hit: Hit): void {
  if (!startsWith(bytes, at, end, "://") || at === 0 || !isLetter(bytes[at - 1] as number)) return;
  const colon = skip(bytes, at + 3, Math.min(end, at + 131), isUser);
  if (bytes[colon] !== 0x3a || colon >= end) return;
  const last = skip(bytes, colon + 1, Math.min(end, colon + 257), isSecret);
  const password = textOf(bytes, colon + 1, last);
  const isPlaceholder = /^(?:\*+|x{3,}|null|none|password)?$/i.test(password);
  if (last < end && bytes[last] === 0x40 && !isPlaceholder) hit("connection_uri", colon + 1, last);
}

/** Keys that begin with a name and a separator, by the text up to it, with the fewest characters behind it. */
const prefixes: readonly (readonly [prefix: string, least: number, entity: string])[] = [
  ["ghp_", 36, "github_token"],
  ["gho_", 36, "github_token"],
  ["ghs_", 36, "github_token"],
  ["github_pat_", 22, "github_token"],
  ["glpat-", 20, "gitlab_token"],
  ["xoxb-", 10, "slack_token"],
  ["xoxp-", 10, "slack_token"],
  ["xoxa-", 10, "slack_token"],
  ["sk_live_", 16, "stripe_key"],
  ["sk_test_", 16, "stripe_key"],
  ["rk_live_", 16, "stripe_key"],
  ["NRAK-", 27, "new_relic_key"],
  ["NRII-", 32, "new_relic_key"],
  ["NRIQ-", 32, "new_relic_key"],
];

/** The least that stands behind any of the prefixes. */
const leastKey = 10;

/** Which bytes stand before the separator of a prefix. */
const endsPrefix = new Uint8Array(256);
for (const [prefix] of prefixes) endsPrefix[prefix.charCodeAt(prefix.length - 2)] = 1;

function checkPrefixes(bytes: Uint8Array, start: number, at: number, end: number, hit: Hit): void {
  if (at + leastKey >= end || at === start) return;
  for (let next = at + 1; next <= at + leastKey; next++) {
    const byte = bytes[next] as number;
    if (!isDigit(byte) && !isLetter(byte)) return;
  }
  for (const [prefix, least, entity] of prefixes) {
    const from = at + 1 - prefix.length;
    if (prefix.charCodeAt(prefix.length - 1) !== bytes[at] || from < start) continue;
    if (!startsWith(bytes, from, end, prefix) || (from > start && isWord(bytes[from - 1] as number))) continue;
    const last = skip(bytes, at + 1, end, (byte) => isDigit(byte) || isLetter(byte));
    if (last - at - 1 >= least) hit(entity, from, last);
  }
}

function isPrivateKey(bytes: Uint8Array, at: number, end: number): boolean {
  if (!startsWith(bytes, at, end, "-----BEGIN ")) return false;
  return /^-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----/.test(textOf(bytes, at, Math.min(end, at + 80)));
}

/** AKIA and ASIA with 16 characters of base 32, as a word. */
function checkAccessKey(bytes: Uint8Array, start: number, at: number, end: number, hit: Hit): void {
  if (at < start || (!startsWith(bytes, at, end, "AKIA") && !startsWith(bytes, at, end, "ASIA"))) return;
  const last = skip(bytes, at + 4, end, (byte) => (byte > 64 && byte < 91) || (byte > 0x31 && byte < 0x38));
  const isAlone =
    (at === start || !isWord(bytes[at - 1] as number)) && (last === end || !isWord(bytes[last] as number));
  if (isAlone && last - at === 20) hit("aws_access_key", at, last);
}

/** 36 letters and digits and NRAL, as a word. */
function checkLicenseKey(bytes: Uint8Array, start: number, at: number, end: number, hit: Hit): void {
  if (!startsWith(bytes, at - 3, end, "NRAL") || at - 39 < start) return;
  if (at + 1 < end && isWord(bytes[at + 1] as number)) return;
  const first = at - 39;
  const isKey = skip(bytes, first, at, (byte) => isDigit(byte) || isLetter(byte)) === at;
  if (isKey && (first === start || !isWord(bytes[first - 1] as number))) hit("new_relic_key", first, at + 1);
}

/** Three parts in base64url; the first is JSON: `eyJ` is `{"`. */
function checkJwt(bytes: Uint8Array, start: number, at: number, end: number, hit: Hit): void {
  if (at < start || !startsWith(bytes, at, end, "eyJ") || (at > start && isWord(bytes[at - 1] as number))) return;
  const first = skip(bytes, at, end, isToken);
  const second = skip(bytes, first + 1, end, isToken);
  if (bytes[first] !== 0x2e || bytes[second] !== 0x2e || first - at < 12 || second - first < 6 || second >= end) return;
  const header = Buffer.from(textOf(bytes, at, first), "base64url").toString("utf8");
  if (/"(?:alg|enc)"/.test(header)) hit("jwt", at, skip(bytes, second + 1, end, isToken));
}
