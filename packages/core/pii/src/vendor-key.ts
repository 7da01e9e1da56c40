import type { Detector } from "./detector.ts";

/** JOSE: the header is JSON that names an algorithm (RFC 7515, section 4.1.1). */
function isJwt(candidate: string): boolean {
  const header = Buffer.from(candidate.slice(0, candidate.indexOf(".")), "base64url").toString("utf8");
  return header.startsWith("{") && (header.includes('"alg"') || header.includes('"enc"'));
}

/** Random text, unlike a name or a path, has digits and letters of both cases. */
function isRandom(candidate: string): boolean {
  return /[0-9]/.test(candidate) && /[a-z]/.test(candidate) && /[A-Z]/.test(candidate);
}

/** Keys and tokens that their form gives away, as those who give them out describe it. */
export const vendorKeys: readonly Detector[] = [
  {
    entity: "jwt",
    level: "low",
    pattern: "\\beyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{4,}\\.[A-Za-z0-9_-]*",
    sign: "eyJ[A-Za-z0-9_-]{8,}\\.[A-Za-z0-9_-]{4}",
    accept: isJwt,
  },
  { entity: "aws_access_key", level: "low", pattern: "\\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\\b" },
  {
    entity: "aws_secret_key",
    level: "low",
    pattern: "\\b[A-Za-z0-9/+]{40}\\b",
    context: ["aws_secret_access_key", "aws secret", "aws_secret", "secret access key", "SecretAccessKey"],
    accept: isRandom,
  },
  {
    entity: "gcp_key",
    level: "low",
    pattern: "\\bAIza[A-Za-z0-9_-]{35}|\\bGOCSPX-[A-Za-z0-9_-]{28}|\\bya29\\.[A-Za-z0-9_-]{20,}",
  },
  {
    entity: "azure_key",
    level: "low",
    pattern:
      "(?:AccountKey|SharedAccessKey)=(?P<value>[A-Za-z0-9+/]{42,86}={1,2})|[?&]sig=[A-Za-z0-9%+/]{40,}|" +
      "\\b[A-Za-z0-9_~.-]{3}[0-9]Q~[A-Za-z0-9_~.-]{31,34}",
    // Without the three characters that any word begins with: they would make most states of the automaton.
    sign: "(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{42}|[?&]sig=[A-Za-z0-9%+/]{40}|[0-9]Q~[A-Za-z0-9_~.-]{31}",
  },
  {
    entity: "github_token",
    level: "low",
    pattern: "\\bgh[opsur]_[A-Za-z0-9]{36,}|\\bgithub_pat_[A-Za-z0-9_]{22,}",
    sign: "gh[opsur]_[A-Za-z0-9]{36}|github_pat_",
  },
  { entity: "gitlab_token", level: "low", pattern: "\\bgl(?:pat|dt|rt|ptt|ft|soat|cbt|agent)-[A-Za-z0-9_-]{20,}" },
  {
    entity: "slack_token",
    level: "low",
    pattern: "\\bx(?:ox[abeprs]|app)-[A-Za-z0-9-]{10,}|hooks\\.slack\\.com/(?:services|workflows)/[A-Za-z0-9+/]{20,}",
  },
  { entity: "stripe_key", level: "low", pattern: "\\b(?:[srp]k_(?:live|test)|whsec)_[A-Za-z0-9]{16,}" },
  {
    entity: "sendgrid_key",
    level: "low",
    pattern: "\\bSG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43}",
    sign: "SG\\.[A-Za-z0-9_-]{22}\\.",
  },
  {
    entity: "ai_key",
    level: "low",
    pattern: "\\bsk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_-]{32,}|\\bhf_[A-Za-z0-9]{34}\\b",
    sign: "sk-[A-Za-z0-9_-]{32}|hf_[A-Za-z0-9]{34}",
    accept: isRandom,
  },
  { entity: "npm_token", level: "low", pattern: "\\bnpm_[A-Za-z0-9]{36}\\b" },
  {
    // Ingest: 40 characters that end in NRAL, or begin with the region and x's; user, browser, insert, query, REST, admin.
    entity: "new_relic_key",
    level: "low",
    pattern:
      "(?i)\\b[0-9a-z]{36}NRAL\\b|\\b(?:eu|gov|us|jp)[0-9]{2}xx[0-9a-f]{30,34}\\b|\\bNRAK-[A-Z0-9]{27}\\b|" +
      "\\bNRJS-[0-9a-f]{19}\\b|\\bNRI[IQ]-[A-Za-z0-9_-]{32}|\\bNRRA-[0-9a-f]{42}\\b|\\bNRA[AD]-[0-9a-f]{27}\\b|" +
      "\\bAA[0-9a-f]{40}-NRMA\\b",
    sign: "(?i)NRAL|[a-z][0-9]{2}xx[0-9a-f]{30}|NRAK-|NRJS-|NRI[IQ]-|NRRA-|NRA[AD]-|-NRMA",
  },
  {
    // The oldest ingest keys are hexadecimal digits alone.
    entity: "new_relic_key",
    level: "low",
    pattern: "(?i)\\b[0-9a-f]{40}\\b",
    context: ["new_relic", "new relic", "newrelic", "license key", "licence key", "license_key", "x-license-key"],
  },
];
