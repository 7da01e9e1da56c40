// Part of the build: removes from dist what an older build left there. tsc -b writes outputs and never removes those
// of a source that is gone, and npm would pack them.
import { existsSync, globSync, rmSync } from "node:fs";
import { join } from "node:path";
import { repository } from "./checks/program.ts";

for (const output of globSync("packages/**/dist/**/*.{js,d.ts,map}", {
  cwd: repository,
  exclude: ["**/node_modules/**"],
})) {
  const source = output.replace("/dist/", "/src/").replace(/(?:\.d)?\.(?:js|ts)(?:\.map)?$/, ".ts");
  if (!existsSync(join(repository, source))) rmSync(join(repository, output), { force: true });
}
