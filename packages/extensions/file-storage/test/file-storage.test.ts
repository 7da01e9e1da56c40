import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createTestHost } from "@dbintel/pipeline/testing";
import { describeExtensionContract } from "@dbintel/pipeline/testing/contracts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { FileStorage } from "../src/file-storage.ts";
import { fileStorage } from "../src/index.ts";

const never = new AbortController().signal;
const owner = { kind: "processor", id: "cost_control/eu", pipeline: "logs" } as const;
const bytes = (text: string) => new TextEncoder().encode(text);
let directory = "";

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dbintel-storage-"));
});
afterEach(() => rm(directory, { recursive: true }));

async function started(timeout = "1s") {
  const host = createTestHost();
  const extension = new FileStorage(fileStorage({ directory, timeout }).config, host);
  await extension.start({ signal: never });
  return { host, extension };
}

describeExtensionContract(fileStorage, { config: () => ({ directory }) });

describe("snapshots", () => {
  it("come back after a restart, each owner's and name's its own", async () => {
    const first = await started();
    const storage = first.extension.storage(owner);
    expect(await storage.load("budget")).toBeUndefined();
    await storage.save("budget", bytes("one"));
    await storage.save("budget", bytes("two"));
    await storage.save("../season", bytes("other"));
    await first.extension.storage({ ...owner, pipeline: "traces" }).save("budget", bytes("traces"));
    await first.extension.stop();

    const second = (await started()).extension;
    expect(await second.storage(owner).load("budget")).toEqual(Buffer.from("two"));
    expect(await second.storage(owner).load("../season")).toEqual(Buffer.from("other"));
    expect((await readdir(directory)).toSorted()).toEqual([
      "lock",
      "lock.db",
      "processor__cost_control~002feu__logs__budget",
      "processor__cost_control~002feu__logs__~002e.~002fseason",
      "processor__cost_control~002feu__traces__budget",
    ]);
    const { mode } = await stat(join(directory, "processor__cost_control~002feu__logs__budget"));
    expect(mode & 0o777).toBe(0o600);
    await second.stop();
  });

  it.each(["cut off", "changed", "of a later format", "no snapshot"])(
    "are put aside when the file is %s",
    async (fault) => {
      const { extension, host } = await started();
      const storage = extension.storage(owner);
      await storage.save("state", bytes("what was saved"));
      const file = join(directory, "processor__cost_control~002feu__logs__state");
      const content = await readFile(file);
      if (fault === "cut off") await truncate(file, content.length - 3);
      if (fault === "changed") await writeFile(file, content.fill(1, content.length - 1));
      if (fault === "of a later format") await writeFile(file, content.fill(9, 7, 8));
      if (fault === "no snapshot") await writeFile(file, "something else that is longer than a header");
      expect(await storage.load("state")).toBeUndefined();
      expect(await readdir(directory)).toContain("processor__cost_control~002feu__logs__state.damaged");
      expect(host.lines.map(({ level }) => level)).toEqual(["error"]);
      await storage.save("state", bytes("new"));
      expect(await storage.load("state")).toEqual(Buffer.from("new"));
      await extension.stop();
    },
  );

  it("are whole after the writer was killed in the middle of writing", async () => {
    const writer = fileURLToPath(new URL("endless-writer.ts", import.meta.url));
    for (let round = 0; round < 5; round++) {
      const child = fork(writer, [directory], { execArgv: ["--conditions=@dbintel/source"] });
      // It tells after each snapshot that is saved: kill it at some point of a later one.
      for (let saved = 0; saved < 3 + round; saved++) await once(child, "message");
      child.kill("SIGKILL");
      await once(child, "exit");
      const { extension, host } = await started();
      const content = await extension.storage({ kind: "extension", id: "writer" }).load("state");
      expect(content?.length).toBe(200_000);
      expect(new Set(content).size).toBe(1);
      expect(host.lines).toEqual([]);
      expect((await readdir(directory)).filter((name) => name.endsWith(".unfinished"))).toEqual([]);
      await extension.stop();
    }
  });
});

describe("the directory", () => {
  it("is refused while another process uses it, and taken when that has ended", async () => {
    const writer = fileURLToPath(new URL("endless-writer.ts", import.meta.url));
    const child = fork(writer, [directory], { execArgv: ["--conditions=@dbintel/source"] });
    await once(child, "message");
    await expect(started("0s")).rejects.toMatchObject({
      code: "DBI_STORAGE",
      message: `the directory ${directory} is in use by process ${child.pid} on ${hostname()}`,
    });
    child.kill("SIGKILL");
    await once(child, "exit");
    await (await started("0s")).extension.stop();
    expect(await readdir(directory)).not.toContain("lock");
  });

  it("is not taken for free because the lock names a process that is gone, or this very one", async () => {
    const { extension: owner } = await started();
    for (const text of ["process 999999999 on nowhere", `process ${process.pid} on ${hostname()}`, ""]) {
      await writeFile(join(directory, "lock"), text);
      await expect(started("0s")).rejects.toMatchObject({
        message: `the directory ${directory} is in use by ${text || "another process"}`,
      });
    }
    await owner.stop();
    await (await started("0s")).extension.stop();
  });

  it("is taken when what a reboot left names a process that lives", async () => {
    await writeFile(join(directory, "lock"), `process 1 on ${hostname()}`);
    await writeFile(join(directory, "lock.db"), "");
    const { extension } = await started("0s");
    expect(await readFile(join(directory, "lock"), "utf8")).toBe(`process ${process.pid} on ${hostname()}\n`);
    await extension.stop();
  });

  it("that cannot be made ends the start with a way out", async () => {
    await writeFile(join(directory, "file"), "");
    const { config, definition } = fileStorage({ directory: join(directory, "file", "below") });
    const extension = definition.create({ id: "file_storage", config, host: createTestHost() });
    await expect(extension.start({ signal: never })).rejects.toMatchObject({
      code: "DBI_STORAGE",
      hint: "Make it writable for the collector's user.",
    });
  });
});

/** The kernel's own file systems let nobody make a directory, and say so to root in the words of a read-only one. */
const isRootOnLinux = process.platform === "linux" && process.getuid?.() === 0;

it.runIf(isRootOnLinux)("runs on without keeping anything where nothing can be written (root on Linux)", async () => {
  const host = createTestHost();
  const extension = new FileStorage(fileStorage({ directory: "/sys/dbintel" }).config, host);
  await extension.start({ signal: never });
  const storage = extension.storage(owner);
  await storage.save("state", bytes("forgotten"));
  expect([storage.durable, await storage.load("state")]).toEqual([false, undefined]);
  const message = "the file system of /sys/dbintel is read-only: nothing is kept over a restart";
  expect(host.lines).toMatchObject([{ level: "warn", message }]);
  expect(host.statuses).toMatchObject([{ state: "permanent_error", message }]);
  await expect(extension.openJournal({ kind: "exporter", id: "x", name: "logs" })).rejects.toMatchObject({
    code: "DBI_STORAGE",
    message: "the file system of /sys/dbintel is read-only: there can be no queue on it",
  });
  await extension.stop();
});

it.runIf(process.platform === "linux")("does not start where no directory can ever be made (Linux)", async () => {
  const extension = new FileStorage(fileStorage({ directory: "/proc/dbintel/state" }).config, createTestHost());
  await expect(extension.start({ signal: never })).rejects.toMatchObject({
    code: "DBI_STORAGE",
    message: expect.stringContaining("cannot use the directory /proc/dbintel/state: ENOENT"),
    hint: "Make it writable for the collector's user.",
  });
});

it("makes a directory for the collector's user alone", async () => {
  const below = join(directory, "state");
  const extension = new FileStorage(fileStorage({ directory: below }).config, createTestHost());
  await expect(stat(below)).rejects.toMatchObject({ code: "ENOENT" });
  await extension.start({ signal: never });
  expect((await stat(below)).mode & 0o777).toBe(0o700);
  await extension.stop();
});

it("is had by one at a time, also when two want it because its owner has died", async () => {
  const dead = fork(fileURLToPath(new URL("endless-writer.ts", import.meta.url)), [directory], {
    execArgv: ["--conditions=@dbintel/source"],
  });
  await once(dead, "message");
  dead.kill("SIGKILL");
  await once(dead, "exit");
  const writers = Array.from({ length: 2 }, () =>
    fork(fileURLToPath(new URL("endless-writer.ts", import.meta.url)), [directory], {
      execArgv: ["--conditions=@dbintel/source"],
      stdio: "ignore",
    }),
  );
  const fates = writers.map((writer) => Promise.race([once(writer, "message"), once(writer, "exit")]));
  const firsts = await Promise.all(fates.map(async (fate) => (await fate)[0]));
  // A writer tells when it has saved; one that did not get the directory ends with an error.
  const owners = writers.filter(({ exitCode }) => exitCode === null);
  expect(firsts).toHaveLength(2);
  expect(owners).toHaveLength(1);
  for (const writer of owners) {
    writer.kill("SIGKILL");
    await once(writer, "exit");
  }
});

it.each([{ directory: "relative" }, { directory_permissions: "rwx" }, { timeout: 5 }])("refuses %o", (settings) => {
  expect(fileStorage.definition.schema.safeParse(settings).success).toBe(false);
});

describe("a queue", () => {
  const owner = { kind: "exporter", id: "otlp_http/eu", name: "logs" } as const;

  it("keeps its records over a restart, in a folder for the collector's user alone", async () => {
    const first = (await started()).extension;
    const { journal } = await first.openJournal(owner);
    await journal.append(bytes("waits"), 1);
    await journal.close();
    await first.stop();

    const second = (await started()).extension;
    const { journal: again, found } = await second.openJournal(owner);
    const contents = await Promise.all(found.map((record) => again.read(record)));
    expect(contents.map((content) => Buffer.from(content).toString())).toEqual(["waits"]);
    const folder = join(directory, "exporter__otlp_http~002feu__logs");
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    await again.close();
    await second.stop();
  });

  it("has one user at a time", async () => {
    const { extension } = await started();
    const { journal } = await extension.openJournal(owner);
    await expect(extension.openJournal(owner)).rejects.toMatchObject({
      code: "DBI_STORAGE",
      hint: "two components cannot share a queue: give them different ids",
    });
    await journal.close();
    await (await extension.openJournal(owner)).journal.close();
    await extension.stop();
  });

  it.each(["hex", "base64"] as const)("is encrypted with a key in %s", async (encoding) => {
    const keys = [Buffer.alloc(32, 5).toString(encoding)];
    const { config } = fileStorage({ directory, encryption: { keys } });
    const extension = new FileStorage(config, createTestHost());
    await extension.start({ signal: never });
    const { journal } = await extension.openJournal(owner);
    const record = await journal.append(bytes("select secret"), 1);
    expect(Buffer.from(await journal.read(record)).toString()).toBe("select secret");
    await journal.close();
    await extension.stop();
    const folder = join(directory, "exporter__otlp_http~002feu__logs");
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name))));
    expect(Buffer.concat(files).includes("secret")).toBe(false);
    expect(JSON.stringify(config)).not.toContain(keys[0]);
  });

  it("refuses a key that is none, without quoting it", () => {
    const result = fileStorage.definition.schema.safeParse({ encryption: { keys: ["hunter2"] } });
    expect(result.error?.message).toContain("expected 32 bytes");
    expect(result.error?.message).not.toContain("hunter2");
  });
});
