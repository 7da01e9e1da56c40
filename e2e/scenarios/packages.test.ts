import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../harness/condition.ts";
import { startFlakyBackend } from "../harness/flaky-backend.ts";
import { freePort } from "../harness/free-port.ts";
import { installPacked, type PackedPackage, packPackages } from "../harness/packed-packages.ts";

const execute = promisify(execFile);

/** What an application sets that takes our types seriously. */
const strictest = {
  ...{ target: "es2024", lib: ["es2024", "esnext.disposable"], types: ["node"], noEmit: true },
  ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true, skipLibCheck: false },
};

/** The package of an import or of a type that is written as one; not the system's, not a relative one. */
const importedPackage =
  /^(?:import|export)\b[^"']*?\bfrom "((?:@[\w-]+\/)?[\w-]+)["/]|\bimport\("((?:@[\w-]+\/)?[\w-]+)["/]/gm;

/** Looks at the process before and after each import; in a process of its own. */
const importEach = `
const state = () => JSON.stringify([
  process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
  Object.entries(process.env),
  process.getActiveResourcesInfo().filter((name) => name === "Timeout" || name === "Immediate" || /Server|Socket|Watch/.test(name)),
]);
const effects = [];
for (const entry of JSON.parse(process.argv[2])) {
  const before = state();
  await import(entry);
  if (state() !== before) effects.push(entry + ": " + before + " became " + state());
}
console.log(JSON.stringify(effects));
`;

/** The `ts` blocks of a README, each with its first line's number. */
function examplesOf(markdown: string): readonly { readonly line: number; readonly code: string }[] {
  return [...markdown.matchAll(/^```ts\n(.*?)^```$/gms)].map(({ index, 1: code = "" }) => ({
    line: markdown.slice(0, index).split("\n").length + 1,
    code,
  }));
}

/** What an example says that it prints: the comments `// => …` of lines that print. */
function promised(code: string): readonly string[] {
  return [...code.matchAll(/^(?:console\.log\(.*\); )?\/\/ => (.*)$/gm)].map(([, line = ""]) => line);
}

describe("packages in an application of one's own", () => {
  let folder: string;
  let app: string;
  let packages: readonly PackedPackage[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "dbintel-packages-"));
    app = join(folder, "app");
    // As the build does: tsc alone leaves what a source that has been moved was built to.
    await execute(process.execPath, [join(import.meta.dirname, "../../scripts/stale-outputs.ts")]);
    packages = await packPackages(join(folder, "tarballs"));
    // What READMEs show our packages with.
    const sdk = ["core", "otlp-transformer", "sdk-logs"].map((name) => `@opentelemetry/${name}`);
    const beside = ["@types/node", "zod", ...sdk];
    await installPacked({ app, store: join(folder, "store"), packages, beside });
    await mkdir(join(app, "examples"));
    for (const { name } of packages) {
      const readme = await readFile(join(app, "node_modules", name, "README.md"), "utf8");
      for (const { line, code } of examplesOf(readme)) {
        await writeFile(join(app, "examples", `${name.slice("@dbintel/".length)}-${line}.ts`), code);
      }
    }
  }, 600_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it.for(["README.md", "LICENSE", "package.json", "dist/index.js", "dist/index.d.ts", "src/index.ts"])(
    "each have %s",
    (file) => {
      expect(packages.length).toBeGreaterThan(40);
      expect(packages.filter(({ files }) => !files.includes(file)).map(({ name }) => name)).toEqual([]);
    },
  );

  it("hold their source and what was built of it, and no tests", () => {
    const belongs = /^(?:README\.md|LICENSE|package\.json|src\/[\w/.-]+\.ts|dist\/[\w/.-]+\.(?:js|d\.ts)(?:\.map)?)$/;
    const stray = packages.flatMap(({ name, folder, files }) =>
      files
        .filter((file) => !belongs.test(file) || /\.(?:test|prop)\./.test(file) || !hasSource(folder, file))
        .map((file) => `${name}: ${file}`),
    );
    expect(stray).toEqual([]);
  });

  it("declare what their build imports, in code and in types", async () => {
    const undeclared: string[] = [];
    for (const { name, files, dependencies, peers } of packages) {
      // The contracts of components are suites of vitest, which is the application's own.
      for (const file of files.filter(
        (each) => /^dist\/.*\.(?:js|d\.ts)$/.test(each) && !each.includes("/contracts/"),
      )) {
        const text = await readFile(join(app, "node_modules", name, file), "utf8");
        const imported = [...text.matchAll(importedPackage)].flatMap(([, from, by]) => from ?? by ?? []);
        const unknown = imported.filter((each) => ![name, ...dependencies, ...peers].includes(each));
        undeclared.push(...unknown.map((each) => `${name}: ${file} imports ${each}`));
      }
    }
    expect(undeclared).toEqual([]);
  });

  it.for([
    ["nodenext", "nodenext"],
    ["esnext", "bundler"],
  ])("have examples that compile with the strictest settings, as module %s", async ([module, moduleResolution]) => {
    const config = join(app, `tsconfig.${moduleResolution}.json`);
    const compilerOptions = { ...strictest, module, moduleResolution };
    await writeFile(config, JSON.stringify({ compilerOptions, include: ["examples/*.ts"] }));
    expect(globSync("examples/*.ts", { cwd: app }).length).toBeGreaterThan(50);
    const compiler = join(import.meta.dirname, "../../node_modules/typescript/bin/tsc");
    const result = await execute(process.execPath, [compiler, "-p", config]).catch(
      (error: { stdout: string }) => error,
    );
    expect(result.stdout).toBe("");
  });

  it("can be imported with what they declare, and do nothing then", async () => {
    const entries = packages.flatMap((each) => each.entries).filter((entry) => !entry.endsWith("/contracts"));
    await writeFile(join(app, "import-each.js"), importEach);
    const { stdout } = await execute(process.execPath, ["import-each.js", JSON.stringify(entries)], { cwd: app });
    expect(JSON.parse(stdout)).toEqual([]);
  });

  it("bring native code only where a README says so", async () => {
    const dependencies = new Map(packages.map((each) => [each.name, each.dependencies]));
    const bringsRe2 = (name: string): boolean => name === "re2" || (dependencies.get(name)?.some(bringsRe2) ?? false);
    const without = packages.filter(({ name }) => /\/(?:processor|exporter)-/.test(name) && !bringsRe2(name));
    const readme = await readFile(join(app, "node_modules/@dbintel/pipeline/README.md"), "utf8");
    const [, said = ""] = /These do without: ([^.]*)\./.exec(readme) ?? [];
    const named = [...said.matchAll(/`([\w-]+)`/g)].map(([, name]) => `@dbintel/${name}`);
    expect(named).toEqual(without.map(({ name }) => name).toSorted());
  });

  it("have examples that print what they say", async () => {
    const processors = packages.filter(({ name }) => name.startsWith("@dbintel/processor-"));
    const examples = globSync("examples/{collector,pipeline,processor-*}-*.ts", { cwd: app }).toSorted();
    expect(examples.length).toBeGreaterThanOrEqual(processors.length);
    const expected: Record<string, readonly string[]> = {};
    for (const example of examples) {
      const lines = promised(await readFile(join(app, example), "utf8"));
      if (lines.length > 0) expected[example] = lines;
    }
    expect(Object.keys(expected).length).toBeGreaterThanOrEqual(11);
    const program = `
      for (const example of ${JSON.stringify(Object.keys(expected))}) {
        console.log("@@" + example);
        await import("./" + example);
      }`;
    await writeFile(join(app, "run-each.js"), program);
    const { stdout } = await execute(process.execPath, ["run-each.js"], { cwd: app });
    const printed = stdout
      .split("@@")
      .slice(1)
      .map((part) => part.trimEnd().split("\n"));
    expect(Object.fromEntries(printed.map(([example, ...lines]) => [example, lines]))).toEqual(expected);
  });

  it("embed a queue on disk: what was taken while the backend was away is delivered after a kill", async () => {
    await copyFile(join(import.meta.dirname, "../harness/applications/queue.ts"), join(app, "queue.ts"));
    const directory = join(folder, "queue");
    const live = (life: string, endpoint: string, ...more: readonly string[]) => {
      const args = ["queue.ts", "--life", life, "--endpoint", endpoint, "--directory", directory, ...more];
      const child = spawn(process.execPath, args, { cwd: app, stdio: ["pipe", "pipe", "inherit"] });
      const ids: string[] = [];
      createInterface(child.stdout).on("line", (id) => ids.push(id));
      return { child, ids };
    };
    const first = live("first", `http://127.0.0.1:${await freePort()}`);
    await eventually("the pipeline has taken records", () => first.ids.length > 100 || undefined, {
      deadlineMs: 60_000,
    });
    first.child.kill("SIGKILL");
    await once(first.child, "close");
    const files = await readdir(directory, { recursive: true, withFileTypes: true });
    const kept = files.filter((file) => file.isFile()).map(({ name, parentPath }) => readFile(join(parentPath, name)));
    const onDisk = Buffer.concat(await Promise.all(kept));
    expect(onDisk.includes("first-0")).toBe(true);
    expect(onDisk.includes("jane.doe")).toBe(false);

    await using backend = await startFlakyBackend();
    const second = live("second", backend.endpoint, "--records", "10");
    const missing = () => [...first.ids, ...second.ids].filter((id) => !backend.taken.has(id));
    const isThere = () => (second.ids.length === 10 && missing().length === 0) || undefined;
    await eventually("everything has arrived", isThere, { deadlineMs: 60_000 });
    second.child.stdin.end();
    expect(await once(second.child, "close")).toEqual([0, null]);
  });

  it("say at the start that dead letters need what is not installed", async () => {
    const program = `
      import { otlpHttp } from "@dbintel/exporter-otlp-http";
      import { fileStorage } from "@dbintel/extension-file-storage";
      import { createPipeline } from "@dbintel/pipeline";
      const pipeline = createPipeline({
        extensions: { file_storage: fileStorage({ directory: ${JSON.stringify(join(folder, "letters"))} }) },
        exporter: otlpHttp({ endpoint: "http://localhost:4318", dead_letters: { storage: "file_storage" } }),
      });
      await pipeline.start().catch(({ code, message, hint }) => console.log([code, message, hint].join("\\n")));`;
    await writeFile(join(app, "dead-letters.js"), program);
    const { stdout } = await execute(process.execPath, ["dead-letters.js"], { cwd: app });
    const [code, message, hint] = stdout.split("\n");
    expect(code).toBe("DBI_COMPONENT_START");
    expect(message).toMatch(/^cannot start exporter "otlp_http": dead_letters needs the package @dbintel\/pii/);
    expect(hint).toMatch(/^install @dbintel\/pii/);
  });
});

/** True for a file in `dist` whose source is there, and for any other. */
function hasSource(folder: string, file: string): boolean {
  const stem = /^dist\/(.+?)(?:\.d)?\.(?:js|ts)(?:\.map)?$/.exec(file)?.[1];
  return stem === undefined || existsSync(join(import.meta.dirname, "../..", folder, `src/${stem}.ts`));
}
