// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this file is about
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { readFrom } from "../test/sample.ts";
import { formatDiagnostics } from "./diagnostic.ts";
import { type LoadedConfig, loadConfig } from "./load.ts";
import { emptyMap, nodeAt } from "./node.ts";
import { checkSchema } from "./schema-check.ts";

interface Given {
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

function load(value: string, { env = {}, files = {} }: Given = {}): LoadedConfig {
  return loadConfig({ sources: ["c.yaml"], env, readFile: readFrom({ "c.yaml": `field: ${value}\n`, ...files }) });
}

/** What a field of the given schema becomes; the errors as text where there are any. */
function read(schema: z.ZodType, value: string, given: Given = {}): unknown {
  const { root, diagnostics } = load(value, given);
  if (diagnostics.length > 0) return formatDiagnostics(diagnostics);
  const position = root.position;
  const node = nodeAt(root, ["field"]) ?? emptyMap(position);
  const checked = checkSchema({ schema, node, path: ["field"], position });
  return checked.ok ? checked.value : formatDiagnostics(checked.diagnostics);
}

const refused = (expected: string, got: string) =>
  `c.yaml:1:8 field: expected ${expected}, got ${got} (from \${env:X})`;

describe("the type of a value that is one reference", () => {
  const fields = { number: z.number(), string: z.string(), boolean: z.boolean(), list: z.array(z.unknown()) };

  it.each<readonly [string, keyof typeof fields, unknown]>([
    ["123", "number", 123],
    ["123", "string", "123"],
    ["0123", "number", 123],
    ["0123", "string", "0123"],
    ["0o17", "number", 15],
    ["0xdeadbeef", "number", 3_735_928_559],
    ["0xdeadbeef", "string", "0xdeadbeef"],
    ["1e3", "number", 1000],
    ["1e3", "string", "1e3"],
    ["-.5", "number", -0.5],
    ['"0123"', "string", '"0123"'],
    ['"0123"', "number", refused("a number", "a string")],
    ["!!str 0123", "string", "!!str 0123"],
    ["true", "boolean", true],
    ["true", "string", "true"],
    ["True", "boolean", true],
    ["t", "boolean", refused("true or false", "a string")],
    ["yes", "boolean", refused("true or false", "a string")],
    ["yes", "string", "yes"],
    ["23", "boolean", refused("true or false", "a number")],
    ["", "string", ""],
    ["", "number", refused("a number", "nothing")],
    ["null", "string", "null"],
    ["~", "string", "~"],
    ["{a: 1}", "string", "{a: 1}"],
    ["a: b", "string", "a: b"],
    ["- x", "string", "- x"],
    ["[1, x]", "list", [1, "x"]],
    ["[1, x]", "number", refused("a number", "a list")],
    ["[1, x", "string", "[1, x"],
    ["[1, x", "list", refused("a list", "a string").replace("})", "}, which is not YAML at env:X:1:6)")],
    ["*alias", "string", "*alias"],
    ["@at", "string", "@at"],
    ["foo\nbar", "string", "foo\nbar"],
    [" padded ", "string", " padded "],
    ["true # not a comment here", "string", "true # not a comment here"],
    ["true # a comment", "boolean", true],
    ["2006-01-02T15:04:05Z07:00", "string", "2006-01-02T15:04:05Z07:00"],
    ["1111:1111:1111:1111:1111::", "string", "1111:1111:1111:1111:1111::"],
    ["123456789012345678901234567890", "string", "123456789012345678901234567890"],
    ["${env:Y} $$ ${", "string", "${env:Y} $$ ${"],
  ])("%j in a %s field", (text, field, expected) => {
    expect(read(fields[field], "${env:X}", { env: { X: text } })).toEqual(expected);
    expect(read(fields[field], "'${X}'", { env: { X: text } })).toEqual(expected);
  });

  it("is tried as it is in a union, then as a text", () => {
    expect(read(z.union([z.number(), z.string()]), "${X}", { env: { X: "05" } })).toBe(5);
    expect(read(z.union([z.boolean(), z.string()]), "${X}", { env: { X: "05" } })).toBe("05");
    expect(read(z.enum(["1", "2"]), "${X}", { env: { X: "1" } })).toBe("1");
  });

  it("is found for every field of a map at once", () => {
    const schema = z.strictObject({ a: z.string(), b: z.string(), c: z.number() });
    expect(read(schema, "{a: '${X}', b: '${X}', c: '${X}'}", { env: { X: "05" } })).toEqual({ a: "05", b: "05", c: 5 });
    expect(read(schema, "'${X}'", { env: { X: "{a: q, b: r, c: 3}" } })).toEqual({ a: "q", b: "r", c: 3 });
  });
});

describe("a reference inside a text", () => {
  it.each([
    ["a-${env:X}-b", "123", "a-123-b"],
    ["a-${env:X}-b", "0123", "a-0123-b"],
    ["a-${env:X}-b", "", "a--b"],
    ["a-${env:X}-b", '"q"', 'a-"q"-b'],
    ["${env:X}${env:X}", "1", "11"],
    ["$$${env:X}", "1", "$1"],
    ["$${env:X}", "1", "${env:X}"],
    ["^a$", "", "^a$"],
    ["'${env:X} '", "1", "1 "],
  ])("%s with %j gives %j", (value, text, expected) => {
    expect(read(z.unknown(), value, { env: { X: text } })).toBe(expected);
  });

  it.each(["{a: 1}", "[1]", "- 1"])("cannot be a map or a list: %s", (text) => {
    expect(read(z.string(), "a-${env:X}", { env: { X: text } })).toBe(
      "c.yaml:1:8 field: ${env:X} holds a map or a list, which does not fit inside a text\n" +
        "    let the reference be the whole value, or have it hold a text",
    );
  });

  it("puts in every text as it is", () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[a-z ]{1,9}$/), (before, secret) => {
        const written = JSON.stringify(`${before.replaceAll("$", "$$$$")}\${env:X}.`);
        expect(read(z.string(), written, { env: { X: secret } })).toBe(`${before}${secret}.`);
      }),
    );
  });
});

describe("defaults and nesting", () => {
  it.each<readonly [string, unknown]>([
    ["${env:U:-5}", 5],
    ["${U:-5}", 5],
    ["${env:U:-}", null],
    ["${env:X:-5}", "set"],
    ["${env:E:-5}", null],
    ["${env:U:-a:-b}", "a:-b"],
    ["${env:${env:NAME}}", "set"],
    ["${env:U:-${env:X}}", "set"],
    ["${${env:SCHEME}:X}", "set"],
  ])("%s is %j", (value, expected) => {
    const env = { X: "set", E: "", NAME: "X", SCHEME: "env" };
    expect(read(z.unknown(), `"${value}"`, { env })).toEqual(expected);
  });

  it("take a name for what the environment alone has", () => {
    expect(read(z.string(), "${toString}")).toBe(
      "c.yaml:1:8 field: the environment variable toString is not set\n" +
        "    set it, or give a default: ${env:toString:-value}",
    );
  });
});

describe("files", () => {
  it("lose one newline at their end and keep the type of their value", () => {
    expect(read(z.string(), "${file:/run/pw}", { files: { "/run/pw": "0123\n" } })).toBe("0123");
    expect(read(z.string(), "${file:/run/pw}", { files: { "/run/pw": "a\r\n\r\n" } })).toBe("a\r\n");
    expect(read(z.number(), "${file:/run/n}", { files: { "/run/n": "12\n" } })).toBe(12);
    expect(read(z.string(), "a-${file:/run/n}", { files: { "/run/n": "12\n" } })).toBe("a-12");
  });

  it("may hold a piece of configuration with references of its own, and positions in it", () => {
    const files = { "piece.yaml": "a: ${env:X}\nb:\n  - ${file:deep.yaml}\n", "deep.yaml": "c: ['${env:X}']" };
    const { root, diagnostics } = load("${file:piece.yaml}", { files, env: { X: "7" } });
    expect(diagnostics).toEqual([]);
    expect(nodeAt(root, ["field", "a"])).toMatchObject({
      value: 7,
      position: { source: "piece.yaml", line: 1, column: 4 },
    });
    expect(nodeAt(root, ["field", "b", 0, "c", 0])).toMatchObject({ value: 7, position: { source: "deep.yaml" } });
    expect(nodeAt(root, ["field"])?.position).toEqual({ source: "c.yaml", line: 1, column: 8 });
  });

  it("that are no YAML are texts, which is said where a text does not fit", () => {
    const files = { "list.yaml": "- a\n- [b\n" };
    expect(read(z.string(), "${file:list.yaml}", { files })).toBe("- a\n- [b");
    expect(read(z.array(z.string()), "${file:list.yaml}", { files })).toBe(
      "c.yaml:1:8 field: expected a list, got a string (from ${file:list.yaml}, which is not YAML at list.yaml:2:5)",
    );
  });

  it("must not include themselves", () => {
    const files = { "a.yaml": "x: ${file:b.yaml}", "b.yaml": "x: ${file:a.yaml}" };
    expect(read(z.unknown(), "${file:a.yaml}", { files })).toBe(
      "b.yaml:1:4 field.x.x: ${file:a.yaml} includes itself: a.yaml → b.yaml → a.yaml",
    );
  });

  it("must not multiply without end", () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, n) => [`${n}.yaml`, `a: \${file:${n + 1}.yaml}\nb: \${file:${n + 1}.yaml}`]),
    );
    const { diagnostics } = load("${file:0.yaml}", { files: { ...files, "40.yaml": "1" } });
    expect(diagnostics.map(({ message }) => message)).toEqual([
      "the configuration is too large: do files include one another?",
    ]);
  });
});

describe("a reference that cannot be resolved", () => {
  it.each([
    ["${env:U}", "the environment variable U is not set", "set it, or give a default: ${env:U:-value}"],
    ["${U}", "the environment variable U is not set", "set it, or give a default: ${env:U:-value}"],
    ["a-${env:U}", "the environment variable U is not set", "set it, or give a default: ${env:U:-value}"],
    ["${file:/no}", "the file /no cannot be read: no such file or directory", "see that it exists and may be read"],
    [
      "${vault:x}",
      "references of the kind ${vault:…} are not known",
      "use ${env:NAME} or ${file:PATH}, or write $${ for a literal ${",
    ],
    [
      "${env:a-b}",
      "the name in ${…} is not that of a variable: letters, digits and _ only",
      "write $${ for a literal ${",
    ],
    ["${}", "the name in ${…} is not that of a variable: letters, digits and _ only", "write $${ for a literal ${"],
    ["${env:X", "${ has no closing }", "close it, or write $${ for a literal ${"],
  ])("%s", (value, message, hint) => {
    expect(read(z.unknown(), `"${value}"`, { env: { X: "hunter2" } })).toBe(
      `c.yaml:1:8 field: ${message}\n    ${hint}`,
    );
  });

  it("does not show what a variable holds that names it", () => {
    const env = { X: "hunter2" };
    for (const value of ["${env:${env:X}}", "${file:${env:X}}", "${${env:X}:a}", "${env:${env:X:-other}:-}${env:U}"]) {
      const text = String(read(z.unknown(), `"${value}"`, { env }));
      expect(text).toMatch(/^c\.yaml:1:8 field: /);
      expect(text).not.toMatch(/hunter2|other/);
    }
  });

  it("is reported alone: nothing else is said about a value that is not known", () => {
    const schema = z.strictObject({ a: z.number(), b: z.union([z.number(), z.boolean()]), c: z.enum(["x"]) });
    const { root, diagnostics } = load("{a: '${U}', b: '${U}', c: '${U}', d: '${U}'}");
    expect(diagnostics.map(({ path }) => path)).toEqual(["a", "b", "c", "d"].map((key) => ["field", key]));
    const node = nodeAt(root, ["field"]) ?? emptyMap(root.position);
    const checked = checkSchema({ schema, node, path: ["field"], position: root.position });
    expect(checked.ok ? [] : checked.diagnostics.map(({ message }) => message)).toEqual(['unknown key "d"']);
  });
});

describe("a $ before a name alone", () => {
  it("is warned of where it stands, without what stands there", () => {
    const { root, diagnostics } = load("$hunter2");
    expect(formatDiagnostics(diagnostics)).toBe(
      "c.yaml:1:8 field: warning: begins with $ but is no reference: it is taken as it is written\n" +
        "    a variable is written ${env:NAME}; write $$ for a $ that is meant",
    );
    expect(nodeAt(root, ["field"])).toMatchObject({ value: "$hunter2" });
  });

  it.each(["$$NAME", "$1", "a$b", "${env:X}"])("is none in %s", (value) => {
    expect(load(value, { env: { X: "$NAME" } }).diagnostics).toEqual([]);
  });
});
