import { digitAt, digitsOf, isUniform, luhn, verhoeff, weightedSum } from "./checksum.ts";
import type { Detector } from "./detector.ts";

/**
 * Numbers that states and their agencies give to people and firms. One whose check digit lets every tenth number pass
 * counts only where a word beside it says what it is.
 */

/** Area, group and serial of the U.S. Social Security Administration: no area 000, 666 or from 900 on, no zero part. */
function isSsn(candidate: string): boolean {
  const digits = digitsOf(candidate);
  const area = Number(digits.slice(0, 3));
  if (area === 0 || area === 666 || area > 899 || isMixed(candidate)) return false;
  return digits.slice(3, 5) !== "00" && digits.slice(5) !== "0000" && !isUniform(digits);
}

/** The group numbers that the IRS gives out behind a 9. */
function isItin(candidate: string): boolean {
  const group = Number(digitsOf(candidate).slice(3, 5));
  const isGiven =
    (group >= 50 && group <= 65) || (group >= 70 && group <= 88) || (group >= 90 && group <= 92) || group >= 94;
  return isGiven && !isMixed(candidate);
}

/** Whether both a hyphen and a space separate the digits. */
function isMixed(text: string): boolean {
  return text.includes("-") && text.includes(" ");
}

/** The prefixes of the IRS's campuses and of its internet registration. */
const einPrefixes = new Set(
  (
    "01 02 03 04 05 06 10 11 12 13 14 15 16 20 21 22 23 24 25 26 27 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 " +
    "47 48 50 51 52 53 54 55 56 57 58 59 60 61 62 63 64 65 66 67 68 71 72 73 74 75 76 77 80 81 82 83 84 85 86 87 88 90 " +
    "91 92 93 94 95 98 99"
  ).split(" "),
);

/** ABA: weights 3, 7, 1; the Federal Reserve districts in the first two digits. */
function isAbaRouting(digits: string): boolean {
  const district = Number(digits.slice(0, 2));
  const isDistrict =
    district <= 12 || (district >= 21 && district <= 32) || (district >= 61 && district <= 72) || district === 80;
  return isDistrict && !isUniform(digits) && weightedSum(digits, [3, 7, 1, 3, 7, 1, 3, 7, 1]) % 10 === 0;
}

/** NHS number: weights 10 to 2, check digit 11 minus the remainder modulo 11, where 11 stands for 0 and 10 for none. */
function isNhs(candidate: string): boolean {
  const digits = digitsOf(candidate);
  const check = (11 - (weightedSum(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]) % 11)) % 11;
  return check === digitAt(digits, 9) && !isUniform(digits);
}

const unusedNinoPrefixes = new Set(["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"]);

function isTfn(candidate: string): boolean {
  const digits = digitsOf(candidate);
  return !isUniform(digits) && weightedSum(digits, [1, 4, 3, 7, 5, 8, 6, 9, 10]) % 11 === 0;
}

/** ABN: the first digit less one, then a multiple of 89. */
function isAbn(candidate: string): boolean {
  const digits = digitsOf(candidate);
  return (weightedSum(digits, [10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]) - 10) % 89 === 0;
}

/** PESEL: the month carries the century in steps of 20. */
function isPesel(digits: string): boolean {
  const month = Number(digits.slice(2, 4)) % 20;
  const day = Number(digits.slice(4, 6));
  const sum = weightedSum(digits, [1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1]);
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 && sum % 10 === 0;
}

/** Values of characters at odd places of a codice fiscale (decreto 23 dicembre 1976); a digit counts as its letter A–J. */
const oddValues = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23];

function isCodiceFiscale(candidate: string): boolean {
  const code = candidate.toUpperCase();
  let sum = 0;
  for (let at = 0; at < 15; at++) {
    const character = code.charCodeAt(at);
    const value = character > 64 ? character - 65 : character - 48;
    sum += at % 2 === 0 ? (oddValues[value] ?? 0) : value;
  }
  return code.charCodeAt(15) - 65 === sum % 26;
}

/** DNI and NIE: the letter is the number modulo 23; the X, Y or Z of a NIE counts as 0, 1 or 2. */
function isSpanish(candidate: string): boolean {
  const code = candidate.replaceAll("-", "");
  const start = "XYZ".indexOf(code[0] ?? "");
  const number = start < 0 ? code.slice(0, 8) : `${start}${code.slice(1, 8)}`;
  return "TRWAGMYFPDXBNJZSQVHLCKE"[Number(number) % 23] === code.at(-1);
}

/** BSN: the "eleven test", whose last weight is -1. */
function isBsn(candidate: string): boolean {
  const digits = digitsOf(candidate);
  return !isUniform(digits) && weightedSum(digits, [9, 8, 7, 6, 5, 4, 3, 2, -1]) % 11 === 0;
}

function brazilianDigit(digits: string, weights: readonly number[]): number {
  const rest = weightedSum(digits, weights) % 11;
  return rest < 2 ? 0 : 11 - rest;
}

function isCpf(candidate: string): boolean {
  const digits = digitsOf(candidate);
  if (isUniform(digits)) return false;
  const first = brazilianDigit(digits, [10, 9, 8, 7, 6, 5, 4, 3, 2]);
  const second = brazilianDigit(digits, [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
  return first === digitAt(digits, 9) && second === digitAt(digits, 10);
}

function isCnpj(candidate: string): boolean {
  const digits = digitsOf(candidate);
  if (isUniform(digits)) return false;
  const first = brazilianDigit(digits, [5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
  const second = brazilianDigit(digits, [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]);
  return first === digitAt(digits, 12) && second === digitAt(digits, 13);
}

export const nationalIds: readonly Detector[] = [
  {
    entity: "us_ssn",
    level: "low",
    pattern: "\\b[0-8][0-9]{2}[- ][0-9]{2}[- ][0-9]{4}\\b",
    accept: isSsn,
  },
  {
    entity: "us_ssn",
    level: "low",
    pattern: "\\b[0-8][0-9]{8}\\b",
    context: ["ssn", "ssns", "ssid", "social security"],
    accept: isSsn,
  },
  {
    entity: "us_itin",
    level: "low",
    pattern: "\\b9[0-9]{2}[- ][5-9][0-9][- ][0-9]{4}\\b",
    accept: isItin,
  },
  {
    entity: "us_itin",
    level: "low",
    pattern: "\\b9[0-9]{2}[5-9][0-9]{5}\\b",
    context: ["itin", "taxpayer"],
    accept: isItin,
  },
  {
    entity: "us_ein",
    level: "low",
    pattern: "\\b[0-9]{2}-?[0-9]{7}\\b",
    context: ["ein", "fein", "employer identification"],
    accept: (candidate) => einPrefixes.has(candidate.slice(0, 2)),
  },
  {
    entity: "us_aba_routing",
    level: "low",
    pattern: "\\b[0-9]{9}\\b",
    context: ["aba", "routing", "rtn"],
    accept: isAbaRouting,
  },
  {
    entity: "us_npi",
    level: "low",
    pattern: "\\b[12][0-9]{9}\\b",
    context: ["npi", "provider identifier"],
    // 80840 is the prefix of U.S. health applications in ISO/IEC 7812.
    accept: (candidate) => luhn(`80840${candidate}`),
  },
  {
    entity: "uk_nhs",
    level: "low",
    pattern: "\\b[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{4}\\b",
    context: ["nhs", "national health"],
    accept: isNhs,
  },
  {
    entity: "uk_nino",
    level: "medium",
    pattern: "\\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\\b",
    accept: (candidate) => !unusedNinoPrefixes.has(candidate.slice(0, 2)),
  },
  {
    entity: "in_aadhaar",
    level: "low",
    pattern: "\\b[2-9][0-9]{3}[- ][0-9]{4}[- ][0-9]{4}\\b",
    accept: (candidate) => verhoeff(digitsOf(candidate)),
  },
  {
    entity: "in_aadhaar",
    level: "low",
    pattern: "\\b[2-9][0-9]{11}\\b",
    context: ["aadhaar", "aadhar", "uidai", "आधार"],
    accept: verhoeff,
  },
  {
    entity: "in_pan",
    level: "medium",
    pattern: "\\b[A-Z]{3}[ABCFGHJLPT][A-Z][0-9]{4}[A-Z]\\b",
  },
  {
    entity: "ca_sin",
    level: "low",
    pattern: "\\b[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}\\b",
    context: ["sin", "social insurance", "assurance sociale"],
    accept: (candidate) => luhn(digitsOf(candidate)) && !isUniform(digitsOf(candidate)),
  },
  {
    entity: "au_tfn",
    level: "low",
    pattern: "\\b[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}\\b",
    context: ["tfn", "tax file"],
    accept: isTfn,
  },
  {
    entity: "au_abn",
    level: "low",
    pattern: "\\b[1-9][0-9][- ]?[0-9]{3}[- ]?[0-9]{3}[- ]?[0-9]{3}\\b",
    context: ["abn", "australian business"],
    accept: isAbn,
  },
  {
    entity: "pl_pesel",
    level: "low",
    pattern: "\\b[0-9]{11}\\b",
    context: ["pesel"],
    accept: isPesel,
  },
  {
    entity: "it_codice_fiscale",
    level: "low",
    pattern: "(?i)\\b[a-z]{6}[0-9lmnp-v]{2}[abcdehlmprst][0-9lmnp-v]{2}[a-z][0-9lmnp-v]{3}[a-z]\\b",
    accept: isCodiceFiscale,
  },
  {
    entity: "es_dni",
    level: "medium",
    pattern: "\\b[0-9]{8}-?[A-HJ-NP-TV-Z]\\b",
    accept: isSpanish,
  },
  {
    entity: "es_nie",
    level: "medium",
    pattern: "\\b[XYZ]-?[0-9]{7}-?[A-HJ-NP-TV-Z]\\b",
    accept: isSpanish,
  },
  {
    entity: "nl_bsn",
    level: "low",
    pattern: "\\b[0-9]{4}\\.?[0-9]{2}\\.?[0-9]{3}\\b",
    context: ["bsn", "burgerservicenummer", "sofinummer"],
    accept: isBsn,
  },
  {
    entity: "br_cpf",
    level: "low",
    pattern: "\\b[0-9]{3}\\.[0-9]{3}\\.[0-9]{3}-[0-9]{2}\\b",
    accept: isCpf,
  },
  { entity: "br_cpf", level: "low", pattern: "\\b[0-9]{11}\\b", context: ["cpf"], accept: isCpf },
  {
    entity: "br_cnpj",
    level: "low",
    pattern: "\\b[0-9]{2}\\.[0-9]{3}\\.[0-9]{3}/[0-9]{4}-[0-9]{2}\\b",
    accept: isCnpj,
  },
  { entity: "br_cnpj", level: "low", pattern: "\\b[0-9]{14}\\b", context: ["cnpj"], accept: isCnpj },
];
