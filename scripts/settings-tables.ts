// `npm run docs`: writes the settings of each component into its README, from its schema.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { repository } from "./checks/program.ts";
import { readmesOfComponents } from "./checks/settings-tables.ts";

for (const { path, text, filled } of await readmesOfComponents()) {
  if (text === filled) continue;
  await writeFile(join(repository, path), filled);
  console.log(`${path} written`);
}
