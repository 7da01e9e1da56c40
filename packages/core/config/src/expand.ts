// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this file is about
import type { Diagnostic } from "./diagnostic.ts";
import { type ReadFile, readText } from "./files.ts";
import { type LoadBudget, maxDepth } from "./limits.ts";
import type { ConfigNode, MapEntry, Origin } from "./node.ts";
import type { ConfigPath } from "./position.ts";
import { parseTemplate, type Segment } from "./template.ts";
import { parseYaml } from "./yaml-text.ts";

/** What references are resolved against. */
export interface ExpandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: ReadFile;
  readonly budget: LoadBudget;
  readonly report: (diagnostic: Diagnostic) => void;
}

/** The text that a reference stands for. */
interface Resolved {
  readonly text: string;
  /** The reference without its default: safe to print. */
  readonly reference: string;
  /** What positions inside of the text are counted in: a path, or `env:NAME`. */
  readonly source: string;
}

interface Fault {
  readonly message: string;
  readonly hint?: string;
}

const tooMuch: Fault = { message: "the configuration is too large: do files include one another?" };

/**
 * Replaces every reference of a tree. A value that is one reference alone gets the YAML type of what it stands for;
 * inside a longer text the reference's text is put in as it is. What a variable or a file holds is data and not
 * expanded again, except for a map or a list: that is a piece of configuration.
 *
 * A reference that cannot be resolved is reported and leaves a broken node.
 */
export function expand(root: ConfigNode, options: ExpandOptions): ConfigNode {
  return new Expansion(options, []).node(root, []);
}

class Expansion {
  readonly #options: ExpandOptions;
  /** The sources that the tree at hand was included from, outermost first. */
  readonly #including: readonly string[];

  constructor(options: ExpandOptions, including: readonly string[]) {
    this.#options = options;
    this.#including = including;
  }

  node(node: ConfigNode, path: ConfigPath): ConfigNode {
    switch (node.kind) {
      case "map": {
        const entries = new Map<string, MapEntry>();
        for (const [name, { key, value }] of node.entries) {
          entries.set(name, { key, value: this.node(value, [...path, name]) });
        }
        return { ...node, entries };
      }
      case "list":
        return { ...node, items: node.items.map((item, index) => this.node(item, [...path, index])) };
      case "scalar":
        return typeof node.value === "string" && node.value.includes("$") ? this.#text(node, node.value, path) : node;
      case "broken":
        return node;
    }
  }

  #text(node: ConfigNode, text: string, path: ConfigPath): ConfigNode {
    if (this.#options.budget.spent) return { kind: "broken", position: node.position };
    if (/^\$[A-Za-z_]\w*$/.test(text)) this.#warnOfBareName(node, path);
    const { segments, fault } = parseTemplate(text);
    if (fault !== undefined) return this.#broken(node, path, fault);
    const [first] = segments;
    const single = segments.length === 1 && first?.kind === "reference";
    if (single) {
      const resolved = this.#resolve(first);
      return "message" in resolved ? this.#broken(node, path, resolved) : this.#whole(node, resolved, path);
    }
    const joined = this.#join(segments);
    if ("message" in joined) return this.#broken(node, path, joined);
    const { position } = node;
    const [reference] = joined.references;
    if (reference === undefined) return { ...node, kind: "scalar", value: joined.text };
    return { kind: "scalar", value: joined.text, position, origin: { reference, text: joined.text } };
  }

  /** A shell, and the OpenTelemetry Collector of old, would put a variable there. What stands there may be a password. */
  #warnOfBareName({ position }: ConfigNode, path: ConfigPath): void {
    this.#options.report({
      severity: "warning",
      path,
      position,
      message: "begins with $ but is no reference: it is taken as it is written",
      hint: "a variable is written ${env:NAME}; write $$ for a $ that is meant",
    });
  }

  /** A value that is one reference: it keeps the type that YAML gives to the text. */
  #whole(node: ConfigNode, resolved: Resolved, path: ConfigPath): ConfigNode {
    const { position } = node;
    const { text, reference, source } = resolved;
    const origin: Origin = { reference, text };
    const { root, faults } = parseYaml({
      text,
      locate: (line, column) => ({ source, line, column }),
      budget: this.#options.budget,
      origin: { reference },
    });
    if (this.#options.budget.spent) return this.#broken(node, path, tooMuch);
    const [notYaml] = faults;
    // A password may look like broken YAML. It is a text then, like every text that is not YAML.
    if (notYaml !== undefined) {
      return { kind: "scalar", value: text, position, origin: { ...origin, notYaml: notYaml.position } };
    }
    if (root === undefined || root.kind === "scalar") {
      // YAML would fold lines and take off quotes; a text stays as it is in its variable or file.
      const value = typeof root?.value === "string" ? text : (root?.value ?? null);
      return { kind: "scalar", value, position, origin };
    }
    const including = [...this.#including, source];
    if (this.#including.includes(source)) {
      return this.#broken(node, path, { message: `${reference} includes itself: ${including.join(" → ")}` });
    }
    if (including.length > maxDepth) return this.#broken(node, path, { message: "includes are nested too deep" });
    return { ...new Expansion(this.#options, including).node(root, path), position, origin };
  }

  #join(segments: readonly Segment[]): { readonly text: string; readonly references: readonly string[] } | Fault {
    let text = "";
    const references: string[] = [];
    for (const segment of segments) {
      if (segment.kind === "text") {
        text += segment.text;
        continue;
      }
      const resolved = this.#resolve(segment);
      if ("message" in resolved) return resolved;
      if (this.#isCollection(resolved.text)) {
        return {
          message: `${resolved.reference} holds a map or a list, which does not fit inside a text`,
          hint: "let the reference be the whole value, or have it hold a text",
        };
      }
      text += resolved.text;
      references.push(resolved.reference);
    }
    return { text, references };
  }

  #isCollection(text: string): boolean {
    const locate = (line: number, column: number) => ({ source: "", line, column });
    const { root } = parseYaml({ text, locate, budget: this.#options.budget });
    return root?.kind === "map" || root?.kind === "list";
  }

  #resolve(reference: Segment & { readonly kind: "reference" }): Resolved | Fault {
    const resolved = this.#lookUp(reference);
    if ("message" in resolved) return resolved;
    return this.#options.budget.takeText(resolved.text.length) ? resolved : tooMuch;
  }

  #lookUp({ body, source }: Segment & { readonly kind: "reference" }): Resolved | Fault {
    const joined = this.#join(body);
    if ("message" in joined) return joined;
    // A name that was put together from variables is their value: then the reference is shown as it is written.
    const computed = joined.references.length > 0 ? withoutDefault(source) : undefined;
    const [, scheme = "env", opaque = joined.text] = /^([A-Za-z][A-Za-z0-9+.-]+):(?!-)(.*)$/s.exec(joined.text) ?? [];
    if (scheme === "env") return this.#variable(opaque, computed);
    if (scheme === "file") return this.#file(opaque, computed);
    return {
      message: `references of the kind \${${computed === undefined ? scheme : "…"}:…} are not known`,
      hint: "use ${env:NAME} or ${file:PATH}, or write $${ for a literal ${",
    };
  }

  #variable(opaque: string, computed: string | undefined): Resolved | Fault {
    const match = /^([a-zA-Z_][a-zA-Z0-9_]*)(?::-(.*))?$/s.exec(opaque);
    if (match === null) {
      return {
        message: "the name in ${…} is not that of a variable: letters, digits and _ only",
        hint: "write $${ for a literal ${",
      };
    }
    const [, name = "", standard] = match;
    const reference = computed ?? `\${env:${name}}`;
    const text = Object.hasOwn(this.#options.env, name) ? this.#options.env[name] : undefined;
    if (text !== undefined) return { text, reference, source: computed ?? `env:${name}` };
    if (standard !== undefined) return { text: standard, reference, source: computed ?? `env:${name}` };
    return {
      message: `the environment variable ${computed === undefined ? name : `that ${computed} names`} is not set`,
      hint: `set it, or give a default: \${env:${computed === undefined ? name : "NAME"}:-value}`,
    };
  }

  #file(path: string, computed: string | undefined): Resolved | Fault {
    const name = computed ?? path;
    const read = readText(path, this.#options.readFile, name);
    if (read.reason === undefined) {
      return { text: read.text.replace(/\r?\n$/, ""), reference: computed ?? `\${file:${path}}`, source: name };
    }
    const { reason, hint, place } = read;
    const where = place === undefined ? "" : ` (line ${place.line}, column ${place.column})`;
    return { message: `the file ${name} cannot be read: ${reason}${where}`, hint };
  }

  #broken(node: ConfigNode, path: ConfigPath, { message, hint }: Fault): ConfigNode {
    const { position } = node;
    this.#options.report({ severity: "error", path, position, message, hint });
    return { kind: "broken", position };
  }
}

function withoutDefault(source: string): string {
  const end = source.indexOf(":-");
  return end === -1 ? source : `${source.slice(0, end)}}`;
}
