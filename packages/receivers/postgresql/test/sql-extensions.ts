import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Extensions of SQL alone, which a PostgreSQL 18 can create whose settings are these: by name, version 1.0. */
export async function sqlExtensions(scripts: Readonly<Record<string, string>>) {
  const folder = await mkdtemp(join(tmpdir(), "dbintel-extensions-"));
  const extensions = join(folder, "extension");
  await mkdir(extensions);
  for (const [name, script] of Object.entries(scripts)) {
    await writeFile(join(extensions, `${name}.control`), "default_version = '1.0'\nrelocatable = false\n");
    await writeFile(join(extensions, `${name}--1.0.sql`), script);
  }
  // The server is another user.
  for (const path of [folder, extensions]) await chmod(path, 0o755);
  return {
    settings: { extension_control_path: `${folder}:$system` },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
