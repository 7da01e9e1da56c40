import { mod97 } from "./checksum.ts";
import type { Detector, Verdict } from "./detector.ts";
import { wordStart } from "./sign.ts";

/** Lengths of IBANs by country, as the SWIFT IBAN registry lists them. */
const lengths = new Map(
  (
    "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 " +
    "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 " +
    "LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 " +
    "PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
  )
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** The IBAN that a candidate begins with: as long as its country wants it, and right by ISO 13616's check (mod 97 = 1). */
function ibanIn(candidate: string): Verdict {
  const length = lengths.get(candidate.slice(0, 2).toUpperCase());
  if (length === undefined) return false;
  let iban = "";
  let end = 0;
  for (; end < candidate.length && iban.length < length; end++) {
    const character = candidate[end] ?? "";
    if (character !== " " && character !== "-") iban += character;
  }
  if (iban.length < length || /^[A-Za-z0-9]/.test(candidate.slice(end))) return false;
  return mod97(iban.slice(4) + iban.slice(0, 4)) === 1 && [0, end];
}

export const bankAccounts: readonly Detector[] = [
  {
    entity: "iban",
    level: "low",
    pattern: "(?i)\\b[a-z]{2}[0-9]{2}(?:[ -]?[a-z0-9]){11,30}\\b",
    sign: `${wordStart}(?i:${[...lengths.keys()].join("|")})[0-9]{2}(?:[ -]?[A-Za-z0-9]){11}`,
    accept: ibanIn,
    overlapping: true,
  },
];
