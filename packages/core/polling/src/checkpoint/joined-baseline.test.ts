import { expect, it } from "vitest";
import type { Baseline } from "./checkpoint.ts";
import { JoinedBaseline } from "./joined-baseline.ts";

/** Remembers one word, and takes over no word that begins with "?". */
class Word implements Baseline {
  word: string | undefined;

  constructor(word?: string) {
    this.word = word;
  }

  take(): Uint8Array | undefined {
    return this.word === undefined ? undefined : Buffer.from(this.word);
  }

  restore(bytes: Uint8Array): boolean {
    this.word = Buffer.from(bytes).toString();
    return !this.word.startsWith("?");
  }

  forget(): void {
    this.word = undefined;
  }
}

const taken = (parts: Record<string, Baseline>) => new JoinedBaseline(parts).take() ?? new Uint8Array();

it("gives each part what it had, and nothing to one that had nothing", () => {
  const [first, second, third] = [new Word(), new Word(), new Word("old")];
  const joined = new JoinedBaseline({ first, second, third });
  expect(joined.restore(taken({ second: new Word("two"), first: new Word("one"), third: new Word() }))).toBe(true);
  expect([first.word, second.word, third.word]).toEqual(["one", "two", "old"]);
  expect(new JoinedBaseline({ first: new Word() }).take()).toBeUndefined();
});

it("leaves out what is not there any more", () => {
  const first = new Word();
  const bytes = taken({ first: new Word("one"), gone: new Word("two") });
  expect(new JoinedBaseline({ first }).restore(bytes)).toBe(true);
  expect(first.word).toBe("one");
});

it("leaves no part with anything when one cannot be taken over, and takes nothing of what is damaged", () => {
  const [first, second] = [new Word(), new Word()];
  const joined = new JoinedBaseline({ first, second });
  expect(joined.restore(taken({ first: new Word("one"), second: new Word("?") }))).toBe(false);
  expect([first.word, second.word]).toEqual([undefined, undefined]);
  const whole = taken({ first: new Word("one"), second: new Word("two") });
  expect(joined.restore(whole.subarray(0, -1))).toBe(false);
  expect(joined.restore(Buffer.from("no checkpoint"))).toBe(false);
});
