import { digitsOf, isUniform, luhn } from "./checksum.ts";
import type { Detector, Verdict } from "./detector.ts";
import { numberEnd, wordStart } from "./sign.ts";

/** Issuer ranges by their first digits, both ends included, and the lengths that the issuer gives out. */
interface CardRange {
  readonly from: number;
  readonly to: number;
  readonly lengths: readonly number[];
}

/** The ranges of ISO/IEC 7812 that the networks publish, in six digits. */
const ranges: readonly CardRange[] = [
  { from: 220000, to: 220499, lengths: [16, 17, 18, 19] }, // Mir
  { from: 222100, to: 272099, lengths: [16] }, // Mastercard
  { from: 300000, to: 305999, lengths: [14, 16, 17, 18, 19] }, // Diners Club
  { from: 309500, to: 309599, lengths: [14, 16] }, // Diners Club
  { from: 340000, to: 349999, lengths: [15] }, // American Express
  { from: 352800, to: 358999, lengths: [16, 17, 18, 19] }, // JCB
  { from: 360000, to: 369999, lengths: [14, 16, 17, 18, 19] }, // Diners Club
  { from: 370000, to: 379999, lengths: [15] }, // American Express
  { from: 380000, to: 399999, lengths: [14, 16, 17, 18, 19] }, // Diners Club
  { from: 400000, to: 499999, lengths: [13, 16, 19] }, // Visa
  { from: 500000, to: 509999, lengths: [16] }, // Maestro
  { from: 510000, to: 559999, lengths: [16] }, // Mastercard
  { from: 560000, to: 589999, lengths: [16] }, // Maestro
  { from: 601100, to: 601199, lengths: [16, 17, 18, 19] }, // Discover
  { from: 620000, to: 629999, lengths: [16, 17, 18, 19] }, // UnionPay
  { from: 630000, to: 639999, lengths: [16] }, // Maestro
  { from: 644000, to: 659999, lengths: [16, 17, 18, 19] }, // Discover
  { from: 670000, to: 679999, lengths: [16] }, // Maestro
];

/** How cards are written: without gaps, or grouped as on cards of 16, 19, 15 and 14 digits. */
const ungrouped = "[2-6][0-9]{12,15}";
const grouped = "[2-6][0-9]{3}(?:(?:[ -][0-9]{4}){3}(?:[ -][0-9]{3})?|[ -][0-9]{6}[ -][0-9]{4,5})";

/** Whether these digits are the number of a payment card: range, length and Luhn's check. */
export function isPaymentCard(digits: string): boolean {
  const prefix = Number(digits.slice(0, 6));
  const known = ranges.some(
    ({ from, to, lengths }) => prefix >= from && prefix <= to && lengths.includes(digits.length),
  );
  return known && !isUniform(digits) && luhn(digits);
}

/** The card in digit groups of which the last may belong to what stands behind it. */
function cardIn(candidate: string): Verdict {
  if (isPaymentCard(digitsOf(candidate))) return true;
  const end = candidate.length - 4;
  return candidate.length === 23 && isPaymentCard(digitsOf(candidate.slice(0, end))) && [0, end];
}

export const paymentCards: readonly Detector[] = [
  {
    entity: "payment_card",
    level: "low",
    pattern: `\\b(?:${ungrouped}|${grouped})\\b`,
    // Numbers without gaps of 17 digits and more are identifiers of queries and times far more often than cards.
    sign: `${wordStart}(?:${ungrouped}${numberEnd}|${grouped})`,
    accept: cardIn,
    overlapping: true,
  },
  {
    // Longer numbers without gaps, where the text says that they are cards.
    entity: "payment_card",
    level: "low",
    pattern: "\\b[2-6][0-9]{16,18}\\b",
    context: [
      "card",
      "credit card",
      "debit card",
      "pan",
      "karte",
      "tarjeta",
      "carte",
      "cartão",
      "carta",
      "карта",
      "kaart",
    ],
    accept: isPaymentCard,
  },
];

/**
 * RE2 for bytes of a request with a whole number as long as a card's, which no pattern for digits can see:
 * AnyValue in a KeyValue (2), an array (1) or a body (5), with int_value(3) of 7 or 8 bytes.
 */
export const cardIntegerSign = "[\\x0a\\x12\\x2a][\\x08\\x09]\\x18";
