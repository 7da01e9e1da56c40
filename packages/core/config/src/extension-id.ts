import { z } from "zod";
import type { Declared } from "./component-check.ts";
import type { Findings } from "./findings.ts";
import { type ConfigNode, positionAt } from "./node.ts";
import { type DeclaredComponents, dangling } from "./pipeline-check.ts";
import type { ConfigPath } from "./position.ts";
import { sections } from "./registry.ts";
import { schemasAt } from "./schema-walk.ts";

const extensionIds = z.registry<{ readonly isExtensionId: true }>();

/** The id of an extension that has to run for the component, such as a storage. The check of a configuration sees to it. */
export function extensionId() {
  return z.string().min(1).register(extensionIds, { isExtensionId: true });
}

/** Reports what components that run need of extensions that do not: only their start would tell. */
export function checkExtensionIds(
  running: readonly Declared[],
  service: {
    readonly root: ConfigNode;
    readonly components: DeclaredComponents;
    /** Ids of those that run. */
    readonly extensions: readonly string[];
    readonly findings: Findings;
  },
): void {
  const { root, components, extensions, findings } = service;
  for (const { kind, key, definition, input } of running) {
    if (definition === undefined) continue;
    for (const [at, id] of texts(input, [])) {
      if (extensions.includes(id) || !schemasAt(definition.schema, at).some(isExtensionId)) continue;
      const path = [sections[kind], key, ...at];
      const problem = components.extension.has(id)
        ? { message: `names the extension "${id}", which does not run`, hint: "name it in service.extensions too" }
        : dangling(id, "extension", components);
      findings.error({ path, position: positionAt(root, path), ...problem });
    }
  }
}

const isExtensionId = (schema: z.core.$ZodType) => extensionIds.get(schema)?.isExtensionId === true;

function* texts(value: unknown, path: ConfigPath): Generator<readonly [ConfigPath, string]> {
  if (typeof value === "string") yield [path, value];
  if (typeof value !== "object" || value === null) return;
  for (const [key, each] of Object.entries(value))
    yield* texts(each, [...path, Array.isArray(value) ? Number(key) : key]);
}
