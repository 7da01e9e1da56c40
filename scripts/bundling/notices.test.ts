import { join } from "node:path";
import { expect, test } from "vitest";
import { repository } from "../checks/program.ts";
import { notices } from "./notices.ts";

const modules = ["node_modules/zod/index.js", "node_modules/zod/v4/core/core.js", "packages/core/pdata/src/index.ts"];

test("the work of others is named once, with the text of its licence", async () => {
  const text = await notices(modules.map((path) => join(repository, path)));
  expect(text.match(/^zod [\d.]+ \(MIT\)$/gm)).toHaveLength(1);
  expect(text).toContain("Permission is hereby granted, free of charge");
  expect(text).not.toContain("pdata");
});
