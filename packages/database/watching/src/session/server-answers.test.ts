import { expect, it } from "vitest";
import { ServerAnswers } from "./server-answers.ts";

const refused = Object.assign(new Error("password authentication failed"), { code: "28P01" });
const lacking = Object.assign(new Error("permission denied for view"), { code: "42501" });

/** A poll that fails after the server has answered so many statements. */
async function failing(answers: ServerAnswers, error: Error, answered = 0): Promise<boolean | undefined> {
  const poll = answers.learn(async () => {
    for (let statement = 0; statement < answered; statement++) answers.answered();
    throw error;
  });
  await expect(poll).rejects.toBe(error);
  return answers.up;
}

it("knows nothing before the server was asked", async () => {
  const answers = new ServerAnswers();
  await answers.learn(async () => "held back");
  expect(answers.up).toBeUndefined();
});

it("is down from a poll without an answer until a statement is answered", async () => {
  const answers = new ServerAnswers();
  expect(await failing(answers, refused)).toBe(false);
  await answers.learn(async () => "held back");
  expect(answers.up).toBe(false);
  answers.answered();
  expect(answers.up).toBe(true);
  expect(await failing(answers, new Error("nobody there"))).toBe(false);
});

it("stays up while the server answers at all", async () => {
  const answers = new ServerAnswers();
  answers.answered();
  expect(await failing(answers, new Error("the third statement took too long"), 2)).toBe(true);
  expect(await failing(answers, lacking)).toBe(true);
});
