import { createHmac, randomBytes } from "node:crypto";
import { type Clock, forgottenAfter } from "@dbintel/pipeline";
import { LRUCache } from "lru-cache";
import type { Users } from "./users.ts";

/** What was found right is not computed again for this long: a bcrypt check takes the time of thousands of requests. */
const rememberedMs = 60_000;
const rememberedUsers = 1000;
/** Checks that may wait for each other; who comes beyond them is turned away. */
const waitingChecks = 32;

/** Checks passwords one after the other, so that whoever guesses them keeps one core busy at most for a moment. */
export class PasswordGate {
  readonly #secret = randomBytes(32);
  readonly #right: LRUCache<string, Users>;
  #waiting = 0;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock) {
    this.#right = new LRUCache({ max: rememberedUsers, ...forgottenAfter(rememberedMs, clock) });
  }

  /** Whether the credentials `user:password` are those of one of the users. */
  async passes(credentials: string, users: Users): Promise<boolean> {
    const digest = createHmac("sha256", this.#secret).update(credentials).digest("base64");
    // What was right for a file that was replaced since has to be right again.
    if (this.#right.get(digest) === users) return true;
    if (this.#waiting >= waitingChecks) return false;
    this.#waiting++;
    const check = this.#last.then(() => checked(credentials, users));
    this.#last = check.catch(() => {});
    try {
      const right = await check;
      if (right) this.#right.set(digest, users);
      return right;
    } finally {
      this.#waiting--;
    }
  }
}

async function checked(credentials: string, users: Users): Promise<boolean> {
  const colon = credentials.indexOf(":");
  const check = users.get(credentials.slice(0, colon));
  const password = credentials.slice(colon + 1);
  if (check !== undefined) return check(password);
  // A name that nobody has takes as long as one that somebody has.
  const [anybody] = users.values();
  await anybody?.(password);
  return false;
}
