import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { checkInstances, checkPassword, instanceEntryKeys, instanceSettings, passwordSettings } from "./index.ts";
import { fileListing } from "./listing/file-listing.ts";

const folder = fileURLToPath(new URL("..", import.meta.url));
const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
const [settings = "", list = ""] = [...readme.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml);

it("has an example that answers what the README says", async () => {
  const [, code = ""] = /```ts\n(.*?)```/s.exec(readme) ?? [];
  const [, name = "", answer = ""] = /^(\w+); \/\/ => (.+)$/m.exec(code) ?? [];
  const program = `${code}\nconsole.log(JSON.stringify(${name}));`;
  const args = ["--conditions=@dbintel/source", "--input-type=module-typescript", "--eval", program];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: folder });
  expect(JSON.parse(stdout)).toEqual(JSON.parse(answer));
});

it("has settings that are right", () => {
  const schema = z
    .strictObject({
      endpoint: z.string().default("localhost:5432"),
      username: z.string(),
      ...instanceSettings(z.string()),
      ...passwordSettings,
    })
    .superRefine(checkInstances("localhost:5432"))
    .superRefine(checkPassword);
  const { receivers } = parse(settings);
  expect(Object.values(receivers).map((receiver) => schema.safeParse(receiver).error)).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});

it("has a list that is right", async () => {
  const scratch = await mkdtemp(join(tmpdir(), "dbintel-readme-"));
  const path = join(scratch, "databases.yaml");
  await writeFile(path, list);
  const schema = z.strictObject({ endpoint: z.string(), ...instanceEntryKeys });
  const listed = await fileListing({ path, intervalMs: 1000, schema }).list();
  expect(listed.map(({ entry }) => entry.endpoint)).toEqual(["db1.example.com:5432", "db2.example.com:5432"]);
  await rm(scratch, { recursive: true });
});
