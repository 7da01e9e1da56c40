import { createHash } from "node:crypto";
import { DbintelError } from "@dbintel/errors";
import { equalSecrets } from "@dbintel/pipeline";
import { compare } from "bcryptjs";

/** Checks a password against what a file keeps of it. */
type Check = (password: string) => Promise<boolean>;

/** The users of an htpasswd file. */
export type Users = ReadonlyMap<string, Check>;

/** `$2y$05$…`, `$2a$…`, `$2b$…` */
const bcrypt = /^\$2[aby]\$(\d\d)\$[./0-9A-Za-z]{53}$/;
/** Each more doubles the time of a check. 15 takes seconds on a core, which any stranger could make the collector spend. */
const dearestCost = 14;

/** Throws `DBI_FILE` with the line for what is none. `origin` names the text. */
export function readUsers(text: string, origin: string): Users {
  const users = new Map<string, Check>();
  for (const [at, line] of text.split("\n").entries()) {
    const entry = line.trim();
    if (entry === "" || entry.startsWith("#")) continue;
    const colon = entry.indexOf(":");
    const check = colon < 1 ? undefined : checkOf(entry.slice(colon + 1));
    if (check === undefined) {
      throw new DbintelError(`line ${at + 1} of ${origin} is no user with a hashed password`, {
        code: "DBI_FILE",
        hint: `write it with htpasswd -B; passwords are kept as bcrypt with a cost of ${dearestCost} at most, or {SHA}`,
      });
    }
    users.set(entry.slice(0, colon), check);
  }
  if (users.size > 0) return users;
  throw new DbintelError(`${origin} has no users`, { code: "DBI_FILE", hint: "add one with htpasswd -B" });
}

function checkOf(kept: string): Check | undefined {
  const cost = bcrypt.exec(kept)?.[1];
  if (cost !== undefined) return Number(cost) <= dearestCost ? (password) => compare(password, kept) : undefined;
  if (!/^\{SHA\}[+/0-9A-Za-z]{27}=$/.test(kept)) return undefined;
  return async (password) => equalSecrets(`{SHA}${createHash("sha1").update(password).digest("base64")}`, kept);
}
