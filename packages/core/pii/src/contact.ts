import { digitsOf } from "./checksum.ts";
import type { Detector, Verdict } from "./detector.ts";
import { wordStart } from "./sign.ts";

/** Endings of file names that are no top-level domain: `logo@2x.png` is no address. */
const fileEndings = new Set(
  "bmp conf config css csv dll exe gif html ini jar java jpeg jpg js json jsx log lock mjs pdf php png sql svg toml ts tsx txt webp xml yaml yml".split(
    " ",
  ),
);

/**
 * RFC 5321: 64 bytes before the @, 255 behind, labels of at most 63 without a hyphen at either end; RFC 1123.
 * Dots that cannot begin an address belong to the text before it.
 */
function emailIn(candidate: string): Verdict {
  const at = candidate.lastIndexOf("@");
  const local = candidate.slice(0, at);
  const labels = candidate.slice(at + 1).split(".");
  const start = Math.max(local.search(/[^.']/), local.lastIndexOf("..") + 1, at - 64);
  if (local.search(/[^.']/) < 0 || /[.']$/.test(local)) return false;
  if (labels.some((label) => label.length > 63 || label.startsWith("-") || label.endsWith("-"))) return false;
  const top = (labels.at(-1) ?? "").toLowerCase();
  if (fileEndings.has(top) || (/[0-9]/.test(top) && !top.startsWith("xn--"))) return false;
  return [local[start] === "." ? start + 1 : start, candidate.length];
}

/** Letters of the scripts that are written with spaces between words: what stands before an address is not swallowed. */
const letter = "A-Za-zÀ-ɏͰ-ԯḀ-ỿ0-9";

/** Digits behind the country code of ITU-T E.164, by the codes whose numbering plans fix them; others have 6 to 12. */
const nationalLengths = new Map(
  (
    "1:10-10 7:10-10 20:8-10 27:9-9 30:10-10 31:9-9 32:8-9 33:9-9 34:9-9 36:8-9 39:6-11 40:9-9 41:9-9 43:4-13 44:7-10 " +
    "45:8-8 46:7-13 47:8-8 48:9-9 49:5-13 51:8-9 52:10-10 53:6-8 54:10-11 55:10-11 56:9-9 57:8-10 58:10-10 60:7-10 " +
    "61:9-9 62:7-12 63:8-10 64:8-10 65:8-8 66:8-9 81:9-10 82:8-11 84:9-10 86:8-11 90:10-10 91:10-10 92:9-10 93:9-9 " +
    "94:9-9 95:7-10 98:10-10"
  )
    .split(" ")
    .map((entry) => {
      const [code = "", least = "", most = ""] = entry.split(/[:-]/);
      return [code, [Number(least), Number(most)] as const];
    }),
);

/** A number with `+` or `00` and a country code, as long as its country's plan wants it. */
function isInternationalPhone(candidate: string): boolean {
  // A zero in brackets is the trunk prefix, which is not dialled from abroad.
  const digits = digitsOf(candidate.replace("(0)", "")).replace(/^00/, "");
  const code = [1, 2].map((length) => digits.slice(0, length)).find((prefix) => nationalLengths.has(prefix));
  const [least, most] = nationalLengths.get(code ?? "") ?? [6, 12];
  const national = digits.length - (code?.length ?? 3);
  return national >= least && national <= most && digits.length <= 15;
}

/** A number of the North American plan: neither area nor exchange ends in 11, and groups are separated alike. */
function isNorthAmericanPhone(candidate: string): boolean {
  const digits = digitsOf(candidate);
  return digits.slice(1, 3) !== "11" && digits.slice(4, 6) !== "11";
}

function isNationalPhone(candidate: string): boolean {
  const { length } = digitsOf(candidate);
  return length >= 7 && length <= 13 && !/^[0-9]{4}-[0-9]{2}-[0-9]{2}/.test(candidate);
}

/** Personal means of contact. */
export const contacts: readonly Detector[] = [
  {
    entity: "email",
    level: "medium",
    // What stands between a user and a host in a URI is a password, not the beginning of an address.
    pattern: `(?:://[^\\s:/@]{0,128}:)?[${letter}_.%+'-]+@(?:[${letter}-]+\\.)+(?:xn--[a-zA-Z0-9-]+|[${letter}]{2,24})`,
    sign: `[${letter}_%+-]@(?:[${letter}-]+\\.)+[${letter}]{2}`,
    accept: (candidate) => !candidate.startsWith("://") && emailIn(candidate),
  },
  {
    entity: "phone",
    level: "medium",
    pattern: "(?:\\+|\\b00[ ]?)[1-9](?:[ .()/-]{0,2}[0-9]){6,14}\\b",
    sign: `(?:\\+|${wordStart}00 ?)[1-9](?:[ .()/-]{0,2}[0-9]){6}`,
    accept: isInternationalPhone,
  },
  {
    entity: "phone",
    level: "medium",
    pattern: "(?:\\([2-9][0-9]{2}\\) ?|\\b[2-9][0-9]{2}[ .-])[2-9][0-9]{2}[ .-][0-9]{4}\\b",
    accept: isNorthAmericanPhone,
  },
  {
    entity: "phone",
    level: "medium",
    pattern: "(?:\\(0?[1-9][0-9]{1,4}\\)|\\b[0-9])(?:[ ./()-]{0,2}[0-9]){6,12}\\b",
    context: [
      "phone",
      "telephone",
      "tel",
      "mobile",
      "cell",
      "cellphone",
      "fax",
      "msisdn",
      "whatsapp",
      "telefon",
      "telefone",
      "telefono",
      "teléfono",
      "téléphone",
      "handy",
      "movil",
      "móvil",
      "celular",
      "cellulare",
      "telefoon",
      "puhelin",
      "телефон",
      "тел",
      "τηλέφωνο",
      "電話",
      "电话",
      "手机",
      "전화",
      "फ़ोन",
      "मोबाइल",
      "फोन",
      "هاتف",
      "טלפון",
    ],
    accept: isNationalPhone,
  },
];
