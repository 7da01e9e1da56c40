/** The value of a decimal digit at `at`. */
export function digitAt(text: string, at: number): number {
  return text.charCodeAt(at) - 48;
}

/** The decimal digits of a text, whatever stands between them. */
export function digitsOf(text: string): string {
  return text.replaceAll(/[^0-9]/g, "");
}

/** The sum of the digits, each times its weight. */
export function weightedSum(digits: string, weights: readonly number[]): number {
  return weights.reduce((sum, weight, at) => sum + weight * digitAt(digits, at), 0);
}

/** Luhn's check of ISO/IEC 7812-1, annex B, over all digits, the check digit last. */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let at = digits.length - 1, double = false; at >= 0; at--, double = !double) {
    const digit = digitAt(digits, at);
    sum += double ? (digit > 4 ? digit * 2 - 9 : digit * 2) : digit;
  }
  return sum % 10 === 0;
}

/** The remainder modulo 97 of digits and letters, A as 10 to Z as 35 (ISO/IEC 7064, MOD 97-10). */
export function mod97(text: string): number {
  let rest = 0;
  for (const character of text.toUpperCase()) {
    const value = Number.parseInt(character, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest;
}

/** Multiplication in the dihedral group D5, and the permutations of J. Verhoeff, "Error Detecting Decimal Codes" (1969). */
const product = [
  "0123456789",
  "1234067895",
  "2340178956",
  "3401289567",
  "4012395678",
  "5987604321",
  "6598710432",
  "7659821043",
  "8765932104",
  "9876543210",
] as const;
const permutations = [
  "0123456789",
  "1576283094",
  "5803796142",
  "8916043527",
  "9453126870",
  "4286573901",
  "2793806415",
  "7046913258",
] as const;

/** Verhoeff's check over all digits, the check digit last. */
export function verhoeff(digits: string): boolean {
  let check = 0;
  for (let at = digits.length - 1, place = 0; at >= 0; at--, place = (place + 1) % 8) {
    const permuted = digitAt(permutations[place] ?? "", digitAt(digits, at));
    check = digitAt(product[check] ?? "", permuted);
  }
  return check === 0;
}

/** Whether all characters are the same, as in numbers that somebody made up. */
export function isUniform(text: string): boolean {
  return text === (text[0] ?? "").repeat(text.length);
}
