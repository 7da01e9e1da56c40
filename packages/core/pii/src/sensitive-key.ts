/** Names, word by word in lower case, whose values are secret or personal whatever they hold. */
const names = (
  "password,passwd,passwort,pwd,pass phrase,pass code,kennwort,contraseña,mot de passe,senha,пароль,パスワード,密码," +
  "secret,secret key,token,bearer,api key,access key,access key id,secret access key,private key,signing key," +
  "encryption key,license key,licence key,insert key,credential,credentials,authorization,cookie,session id,otp,pin," +
  "cvv,cvc,card number,credit card,cc number,cc num,pan,iban,account number,bank account,routing number,ssn," +
  "social security,social security number,itin,tax id,nino,nhs number,aadhaar,cpf,cnpj,pesel,bsn,passport," +
  "passport number,driver license,drivers license,dob,date of birth,birth date,birthday,geburtsdatum,maiden name"
).split(",");

/** Words behind a sensitive name that leave it sensitive: `password_hash`, `token.value`. */
const followers = "hash,digest,value,text,plain,old,new,current,encrypted,enc,raw,str,string".split(",");

const sensitive = new Set(names.map((name) => name.replaceAll(" ", "")));
const follower = new Set(followers);

/** Attributes with the values that a statement ran with, by OpenTelemetry's conventions for databases. */
const parameterPrefix = "db.query.parameter.";

/** The most words of a name that make up one sensitive one: "social security number", "secret access key". */
const mostWords = 4;
const longestName = 256;

/** Whether what is stored under a name is sensitive whatever it holds: `user.password`, `apiKey`, `CARD_NUMBER`. */
export function isSensitiveKey(name: string): boolean {
  if (name.length > longestName) return false;
  if (name.startsWith(parameterPrefix)) return true;
  const words = wordsOf(name);
  while (words.length > 1 && isFollower(words.at(-1) ?? "")) words.pop();
  for (let count = 1; count <= Math.min(mostWords, words.length); count++) {
    if (sensitive.has(words.slice(-count).join(""))) return true;
  }
  return false;
}

function isFollower(word: string): boolean {
  return follower.has(word) || /^[0-9]+$/.test(word);
}

/** The words of a name in lower case: separated by anything but letters and digits, or by a change to upper case. */
function wordsOf(name: string): string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/(\p{L})([0-9]+)$/u, "$1 $2")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "");
}

/** The tag of the value behind the key in the encoding of an attribute: KeyValue => key(1) STRING, value(2) AnyValue. */
const endOfKey = "\\x12";

/**
 * RE2 that matches the bytes of a request that has an attribute with a sensitive name. Short names count only where
 * they begin a word, since letters like theirs end many others ("span", "shipping").
 */
export const sensitiveKeySign = `(?i)(?:${names.map(nameSign).join("|")})(?:[^a-z]?(?:${followers.join("|")}|[0-9]+))*${endOfKey}|db\\.query\\.parameter\\.`;

function nameSign(name: string): string {
  if (name.length > 4) return name.replaceAll(" ", "[^a-z0-9]?");
  const capital = (name[0] ?? "").toUpperCase() + name.slice(1);
  return `[^a-z]${name}|(?-i:[a-z0-9]${capital})`;
}
