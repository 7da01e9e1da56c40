import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { metricsBuilder } from "@dbintel/pdata";
import { createTestHost, FakeClock } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { Directory, logs, readFrames, readLines, startExporter } from "./support.ts";

const formats = [
  ["json", readLines],
  ["proto", readFrames],
] as const;

describe.each(formats)("format %s", (format, read) => {
  it("can be read back", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    await using exporter = await startExporter({ path, format });
    await exporter.consume(logs(2, "a"));
    await exporter.consume(logs(0, "empty"));
    await exporter.consume(logs(1, "b"));
    expect(await read(path)).toEqual(["a0", "a1", "b0"]);
    expect(exporter.host.accounting.of("logs").sent).toBe(3);
  });

  it("keeps records whole and in order under parallel calls", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    await using exporter = await startExporter({ path, format });
    const expected: string[] = [];
    const calls: Promise<void>[] = [];
    for (let index = 0; index < 100; index++) {
      expected.push(`${index}-0`, `${index}-1`);
      calls.push(exporter.consume(logs(2, `${index}-`, 5000)));
    }
    await Promise.all(calls);
    expect(await read(path)).toEqual(expected);
  });

  it("continues after a restart, through rotations, without losing or cutting a record", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out.data");
    const host = createTestHost();
    const expected: string[] = [];
    for (let life = 0; life < 3; life++) {
      const exporter = await startExporter({ path, format, rotation: { max_megabytes: 0.02 } }, host);
      for (let index = 0; index < 20; index++) {
        await exporter.consume(logs(1, `${life}-${index}-`, 3000));
        expected.push(`${life}-${index}-0`);
        await host.clock.advance(index % 3);
      }
      await exporter.stop();
    }
    const found: string[] = [];
    // Backups of the same millisecond are numbered, `.9` after `.10` in the alphabet: none is that full here.
    const names = await directory.names();
    for (const name of names) {
      expect((await stat(directory.of(name))).size).toBeLessThanOrEqual(0.02 * 2 ** 20);
      found.push(...(await read(directory.of(name))));
    }
    expect(names.length).toBeGreaterThan(5);
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it("sets a file aside that a killed run left in the middle of a record", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out.data");
    const first = await startExporter({ path, format });
    await first.consume(logs(2, "a"));
    await first.stop();
    const whole = await readFile(path);
    await writeFile(path, Buffer.concat([whole, whole.subarray(0, whole.length - 3)]));
    await using second = await startExporter({ path, format, append: true });
    await second.consume(logs(1, "b"));
    expect(await read(path)).toEqual(["b0"]);
    const [backup = ""] = await directory.names();
    expect(backup).toBe("out-2023-11-14T22-13-20.000.data");
    expect((await readFile(directory.of(backup))).length).toBe(2 * whole.length - 3);
    expect(second.host.lines).toEqual([
      {
        level: "warn",
        fields: { backup: directory.of(backup) },
        message: `${path} ended in the middle of a record: set aside, a new file begins`,
      },
    ]);
  });

  it.each([1, 3, 5])("sets a file aside that holds %i foreign bytes", async (length) => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    await writeFile(path, Buffer.alloc(length, 1));
    await using exporter = await startExporter({ path, format, append: true });
    await exporter.consume(logs(1));
    expect(await read(path)).toEqual(["r0"]);
    expect(await directory.names()).toHaveLength(2);
  });
});

describe("start", () => {
  it("empties the file unless told to append", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    await writeFile(path, "old\n");
    await using exporter = await startExporter({ path });
    await exporter.consume(logs(1));
    expect(await readLines(path)).toEqual(["r0"]);
  });

  it("lets only the owner read the file", async () => {
    await using directory = await Directory.create();
    const path = directory.of("deep/er/out");
    await using _exporter = await startExporter({ path, create_directory: true });
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(directory.of("deep"))).mode & 0o777).toBe(0o700);
  });

  it("follows no symbolic link", async () => {
    await using directory = await Directory.create();
    const target = directory.of("target");
    await writeFile(target, "precious\n");
    await symlink(target, directory.of("link"));
    await expect(startExporter({ path: directory.of("link") })).rejects.toMatchObject({
      code: "DBI_FILE",
      hint: expect.stringContaining("symbolic link"),
    });
    expect(await readFile(target, "utf8")).toBe("precious\n");
  });

  it.each([
    ["a missing directory", "missing/out", "create_directory"],
    ["a directory", "directory", "give it a file name"],
  ])("refuses %s", async (_, name, hint) => {
    await using directory = await Directory.create();
    await mkdir(directory.of("directory"));
    await expect(startExporter({ path: directory.of(name) })).rejects.toMatchObject({
      code: "DBI_FILE",
      hint: expect.stringContaining(hint),
    });
  });

  it("refuses a device", async () => {
    await expect(startExporter({ path: "/dev/null" })).rejects.toMatchObject({
      code: "DBI_FILE",
      message: "/dev/null is not a regular file",
    });
  });
});

describe("signals", () => {
  it("share a file line by line", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    await using exporter = await startExporter({ path });
    const metrics = metricsBuilder()
      .resource({ attributes: {} })
      .scope({ name: "test" })
      .gauge({ name: "g" }, [{ timeUnixNano: 1n, value: 2n }])
      .build();
    await Promise.all([exporter.consume(logs(1)), exporter.consume(metrics), exporter.consume(logs(1, "b"))]);
    const lines = (await readFile(path, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => Object.keys(JSON.parse(line)))).toEqual([
      ["resourceLogs"],
      ["resourceMetrics"],
      ["resourceLogs"],
    ]);
    expect(exporter.host.accounting.of("metrics").sent).toBe(1);
  });
});

describe("rotation", () => {
  it("keeps the newest backups and deletes no other file", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out.json");
    await writeFile(directory.of("out-notes.json"), "mine");
    await writeFile(directory.of("other-2020-01-01T00-00-00.000.json"), "mine");
    const host = createTestHost();
    await using exporter = await startExporter({ path, rotation: { max_megabytes: 0.001, max_backups: 2 } }, host);
    for (let index = 0; index < 6; index++) {
      await exporter.consume(logs(1, `${index}-`, 900));
      await host.clock.advance(1000);
    }
    expect(await directory.names()).toEqual([
      "other-2020-01-01T00-00-00.000.json",
      "out-2023-11-14T22-13-24.000.json",
      "out-2023-11-14T22-13-25.000.json",
      "out-notes.json",
      "out.json",
    ]);
    expect(await readLines(path)).toEqual(["5-0"]);
  });

  it("deletes backups by age", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out.json");
    await writeFile(directory.of("out-2023-11-12T22-13-19.000.json"), "");
    await writeFile(directory.of("out-2023-11-12T22-13-21.000.json"), "");
    const host = createTestHost({ clock: new FakeClock() });
    await using _exporter = await startExporter({ path, rotation: { max_days: 2 } }, host);
    expect(await directory.names()).toEqual(["out-2023-11-12T22-13-21.000.json", "out.json"]);
  });

  it("gives a record that is larger than a file a file of its own", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out.json");
    const host = createTestHost();
    await using exporter = await startExporter({ path, rotation: { max_megabytes: 0.001 } }, host);
    await exporter.consume(logs(1, "small"));
    await exporter.consume(logs(1, "large", 5000));
    expect(await readLines(path)).toEqual(["large0"]);
    expect(await directory.names()).toHaveLength(2);
  });

  it("goes on in a new file when the old one was taken away with its directory", async () => {
    await using directory = await Directory.create();
    const path = directory.of("sub/out.json");
    const config = { path, rotation: { max_megabytes: 0.001 }, create_directory: true };
    await using exporter = await startExporter(config);
    await exporter.consume(logs(1, "a", 900));
    await rm(directory.of("sub"), { recursive: true });
    await expect(exporter.consume(logs(1, "b", 900))).rejects.toMatchObject({
      kind: "retryable",
      code: "DBI_FILE",
      hint: expect.stringContaining("the directory does not exist"),
    });
    await mkdir(directory.of("sub"));
    await exporter.consume(logs(1, "c", 900));
    expect(await readLines(path)).toEqual(["c0"]);
    expect(exporter.host.statuses.map(({ state }) => state)).toEqual(["ok", "recoverable_error", "ok"]);
  });
});

describe("a disk without room", () => {
  it.each(formats)("costs no whole record in format %s", async (format, read) => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    // The shell lets the file grow to 64 KiB; the write that passes it ends half way with an error, as on a full disk.
    const node = `"${process.execPath}" --conditions=@dbintel/source "${join(import.meta.dirname, "full-disk.ts")}"`;
    const { stdout } = await promisify(execFile)("bash", ["-c", `ulimit -f 64; exec ${node} "${path}" ${format}`]);
    expect(JSON.parse(stdout)).toEqual(["taken", "retryable", "retryable", "taken"]);
    expect(await read(path)).toEqual(["first0", "last0"]);
  });
});

describe("a slow disk", () => {
  it("makes callers wait, and refuses them when too much waits", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    await using exporter = await startExporter({ path });
    const large = logs(1, "large", 40 * 2 ** 20);
    const calls = [exporter.consume(large), exporter.consume(large), exporter.consume(logs(1, "small"))];
    const outcomes = await Promise.allSettled(calls);
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(outcomes[1]).toMatchObject({ reason: { kind: "refused", code: "DBI_QUEUE_FULL", delayMs: 1000 } });
    expect(await readLines(path)).toEqual(["large0", "small0"]);
  });
});

describe("kill -9", () => {
  it.each(formats)("loses nothing that was acknowledged, in format %s", async (format, read) => {
    await using directory = await Directory.create();
    const path = directory.of("out.data");
    const script = join(import.meta.dirname, "endless.ts");
    const acknowledged: string[] = [];
    for (let life = 0; life < 3; life++) {
      const child = spawn(process.execPath, ["--conditions=@dbintel/source", script, path, format, `${life}-`]);
      const dead = once(child, "exit");
      let seen = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged.push(line);
        if (++seen === 200) child.kill("SIGKILL");
      }
      await dead;
      expect(child.signalCode).toBe("SIGKILL");
    }
    // A last life sets aside what the last kill may have torn.
    await using _exporter = await startExporter({ path, format, append: true });
    const found = new Set<string>();
    for (const name of await directory.names()) {
      for (const id of await read(directory.of(name), { torn: "ignore" })) found.add(id);
    }
    expect(acknowledged.length).toBeGreaterThanOrEqual(600);
    expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  });
});

describe("stop", () => {
  it("writes what was called before and refuses what comes after", async () => {
    await using directory = await Directory.create();
    const path = directory.of("out");
    const exporter = await startExporter({ path });
    const call = exporter.consume(logs(1));
    await exporter.stop();
    await call;
    await exporter.stop();
    expect(await readLines(path)).toEqual(["r0"]);
    await expect(exporter.consume(logs(1))).rejects.toMatchObject({ kind: "refused", code: "DBI_SHUTTING_DOWN" });
  });
});
