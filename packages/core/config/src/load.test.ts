// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are part of what is tested
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { findings, readFrom, valid } from "../test/sample.ts";
import { formatDiagnostics } from "./diagnostic.ts";
import { loadConfig } from "./load.ts";
import { nodeAt } from "./node.ts";
import { formatPosition, type PathSegment } from "./position.ts";

function load(files: Readonly<Record<string, string>>, set: readonly string[] = []) {
  return loadConfig({ sources: Object.keys(files), set, env: {}, readFile: readFrom(files) });
}

/** The value at a path and where it was written. */
function at({ root }: ReturnType<typeof load>, ...path: readonly PathSegment[]): string {
  const node = nodeAt(root, path);
  if (node === undefined) return "nothing";
  return `${node.kind === "scalar" ? JSON.stringify(node.value) : node.kind} ${formatPosition(node.position)}`;
}

describe("several sources", () => {
  it("are merged, the later over the earlier, and every value knows its place", () => {
    const loaded = load({
      "a.yaml": "x:\n  one: 1\n  two: {a: 1, b: 2}\n  list: [1, 2, 3]\n",
      "b.yaml": "x:\n  two:\n    b: 3\n  list: [4]\n  three: 3\n",
    });
    expect(loaded.diagnostics).toEqual([]);
    expect(at(loaded, "x", "one")).toBe("1 a.yaml:2:8");
    expect(at(loaded, "x", "two", "a")).toBe("1 a.yaml:3:12");
    expect(at(loaded, "x", "two", "b")).toBe("3 b.yaml:3:8");
    expect(at(loaded, "x", "list", 0)).toBe("4 b.yaml:4:10");
    expect(at(loaded, "x", "list", 1)).toBe("nothing");
    expect(at(loaded, "x", "three")).toBe("3 b.yaml:5:10");
  });

  it("need no variable that only an overridden value names", () => {
    expect(load({ "a.yaml": "x: ${env:U}", "b.yaml": "x: 1" }).diagnostics).toEqual([]);
  });

  it("warn where an empty value clears a map", () => {
    const text = findings(valid, { sources: ["c.yaml", "d.yaml"], files: { "d.yaml": "receivers:\n  postgresql:\n" } });
    expect(text).toBe(
      [
        "d.yaml:2:3 receivers.postgresql: warning: the empty value takes the place of the map at c.yaml:3:5",
        "    remove the key to keep the map, or write {} in its place to merge nothing",
        "d.yaml:2:3 receivers.postgresql.endpoint: is required",
      ].join("\n"),
    );
    expect(
      findings(valid, { sources: ["c.yaml", "d.yaml"], files: { "d.yaml": "receivers:\n  postgresql: {}\n" } }),
    ).toBe("");
  });

  it("may be paths, files, variables and YAML", () => {
    const loaded = loadConfig({
      sources: ["a.yaml", "file:b.yaml", "env:CFG", "yaml:x::d: 4", "yaml:x::e::f: [5]"],
      env: { CFG: "x:\n  c: 3" },
      readFile: readFrom({ "a.yaml": "x: {a: 1}", "b.yaml": "x: {b: 2}" }),
    });
    expect(loaded.diagnostics).toEqual([]);
    expect(at(loaded, "x", "a")).toBe("1 a.yaml:1:8");
    expect(at(loaded, "x", "b")).toBe("2 b.yaml:1:8");
    expect(at(loaded, "x", "c")).toBe("3 env:CFG:2:6");
    expect(at(loaded, "x", "d")).toBe("4 --config yaml:1:7");
    expect(at(loaded, "x", "e", "f", 0)).toBe("5 --config yaml:1:11");
  });

  it("are all read before any error ends the load", () => {
    const loaded = loadConfig({
      sources: ["nope.yaml", "https://x/y", "env:CFG", "bad.yaml", "C:\\a.yaml"],
      env: {},
      readFile: readFrom({ "bad.yaml": "a: [1\n" }),
    });
    expect(loaded.complete).toBe(false);
    expect(formatDiagnostics(loaded.diagnostics)).toBe(
      [
        "nope.yaml: the file cannot be read: no such file or directory",
        "    see that it exists and may be read",
        "--config https: sources of the kind https: are not known",
        "    use a path, file:PATH, env:NAME or yaml:KEY: VALUE",
        "env:CFG: the environment variable CFG is not set",
        "    set it",
        "bad.yaml:2:1: the indentation does not fit the lines above, or a bracket above is not closed",
        "C:\\a.yaml: the file cannot be read: no such file or directory",
        "    see that it exists and may be read",
      ].join("\n"),
    );
  });

  it("are named in findings without the YAML that they are, in which a secret may stand", () => {
    const text = "receivers: {postgresql: {endpoint: 'localhost:5432', password: hunter2}}";
    expect(findings("", { sources: [`yaml:${text}`] })).toBe(
      [
        "--config yaml:1:1 exporters: no exporter is configured",
        "--config yaml:1:1 service.pipelines: no pipeline is configured",
        "    a pipeline joins receivers and exporters under service.pipelines",
      ].join("\n"),
    );
    for (const source of [text, `\n${text}\n`, text.replaceAll(/[{}]/g, "\n")]) {
      expect(formatDiagnostics(loadConfig({ sources: [source] }).diagnostics)).toMatch(
        /^--config.*: (?:it is no path but YAML|sources of the kind receivers: are not known)\n.*yaml:/,
      );
    }
  });

  it("must be at least one", () => {
    expect(formatDiagnostics(loadConfig({ sources: [] }).diagnostics)).toBe(
      "--config: no configuration is given\n    give one with --config FILE",
    );
  });
});

describe("--set", () => {
  it("is laid over all sources, with the flag's number and column as its place", () => {
    const loaded = load({ "a.yaml": "x: {a: 1, b: 2}" }, ["x.a=two words", "x.c.d=[1, {e: 0x10}]", "x.b="]);
    expect(loaded.diagnostics).toEqual([]);
    expect(at(loaded, "x", "a")).toBe('"two words" --set:1:5');
    expect(at(loaded, "x", "c", "d", 1, "e")).toBe("16 --set:2:15");
    expect(at(loaded, "x", "b")).toBe("null --set:3:1");
  });

  it("takes :: between keys that hold a dot", () => {
    const loaded = load({ "a.yaml": "{}" }, ["x::service.name=a", "y :: z = 1"]);
    expect(at(loaded, "x", "service.name")).toBe('"a" --set:1:17');
    expect(at(loaded, "y", "z")).toBe("1 --set:2:10");
  });

  it("keeps everything behind the first = as the value, references included", () => {
    const { root } = loadConfig({
      sources: ["a.yaml"],
      set: ["x=a=b", "y=${env:Y}"],
      env: { Y: "1" },
      readFile: readFrom({ "a.yaml": "" }),
    });
    expect(nodeAt(root, ["x"])).toMatchObject({ value: "a=b" });
    expect(nodeAt(root, ["y"])).toMatchObject({ value: 1, position: { source: "--set", line: 2, column: 3 } });
  });

  it.each(["", "a", "=1", "a..b=1", "a.=1", "__proto__.x=1"])("refuses %j", (setting) => {
    expect(formatDiagnostics(load({ "a.yaml": "{}" }, [setting]).diagnostics)).toBe(
      "--set:1:1: expected KEY=VALUE with the keys parted by dots or ::\n    such as processors.batch.timeout=2s",
    );
  });

  it("reports a value that is not YAML without quoting it", () => {
    expect(formatDiagnostics(load({ "a.yaml": "{}" }, ["x.y=[hunter2"]).diagnostics)).toBe(
      "--set:1:13 x.y: a character is missing: a closing quote or bracket, a comma, or the : after a key",
    );
  });
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "dbintel-config-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  it("are read from the file system, with ${file:…} in them", () => {
    const secret = file("secret", "hunter2\n");
    const { root, diagnostics } = loadConfig({ sources: [file("a.yaml", `\uFEFFx: \${file:${secret}}\r\n`)] });
    expect(diagnostics).toEqual([]);
    expect(nodeAt(root, ["x"])).toMatchObject({ value: "hunter2" });
  });

  it.each([
    ["a folder", () => folder, "it is a directory", "name a file in it"],
    ["a file that is not there", () => join(folder, "no"), "no such file or directory", "see that it exists"],
    ["no text", () => file("a.gz", gzipSync("x: 1")), "it is no text", "one that is compressed has to be unpacked"],
    ["a file without an end", () => "/dev/zero", "it is larger than 4 MiB", "the right file"],
  ])("that are %s are reported", (_, path, reason, hint) => {
    const source = path();
    const said = (text: string) => [expect.objectContaining({ message: text, hint: expect.stringContaining(hint) })];
    expect(loadConfig({ sources: [source] }).diagnostics).toEqual(said(`the file cannot be read: ${reason}`));
    const including = file("b.yaml", `x: \${file:${source}}`);
    expect(loadConfig({ sources: [including] }).diagnostics).toEqual(
      said(`the file ${source} cannot be read: ${reason}`),
    );
  });

  it("say from where a relative path is seen", () => {
    const [missing] = loadConfig({ sources: ["no/such.yaml"] }).diagnostics;
    expect(missing?.hint).toBe(`see that it exists, seen from the working directory ${process.cwd()}`);
  });

  it("must have a name", () => {
    expect(formatDiagnostics(loadConfig({ sources: [""] }).diagnostics)).toBe(
      "--config: no file is named\n    name one: --config collector.yaml",
    );
  });

  const yaml = "# configuration\nreceivers:\n  otlp: # für Müller, 5 €\n";
  it.each([
    ["windows.yaml", Buffer.from(`\uFEFF${yaml}`, "utf16le"), "UTF-16", "UTF-16, as Windows writes it", ""],
    ["no-mark.yaml", Buffer.from(yaml, "utf16le"), "UTF-16LE", "UTF-16, as Windows writes it", ""],
    ["network.yaml", Buffer.from(yaml, "utf16le").swap16(), "UTF-16BE", "UTF-16", ""],
    ["old.yaml", Buffer.from(yaml, "latin1"), "WINDOWS-1252", "Latin-1 or Windows-1252", ":3:12"],
  ])("tell what %s is encoded in, and how it is converted", (name, bytes, encoding, words, place) => {
    const source = file(name, bytes);
    expect(formatDiagnostics(loadConfig({ sources: [source] }).diagnostics)).toBe(
      `${source}${place}: the file cannot be read: it is not UTF-8 but looks like ${words}
    save it as UTF-8, or convert it: iconv -f ${encoding} -t UTF-8 ${source} > utf8.yaml`,
    );
  });

  it("do not show a path that came from a variable", () => {
    const env = { SECRET_PATH: file("hunter2", Buffer.from("é", "latin1")) };
    const source = file("c.yaml", "x: ${file:${env:SECRET_PATH}}");
    const text = formatDiagnostics(loadConfig({ sources: [source], env }).diagnostics);
    expect(text).toContain("Windows-1252 (line 1, column 1)");
    expect(text).not.toContain("hunter2");
  });
});
