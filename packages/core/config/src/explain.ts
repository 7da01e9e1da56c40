import type { EffectiveConfig } from "./collector-config.ts";
import { type ConfigNode, nodeAt } from "./node.ts";
import { type ConfigPath, formatPath, formatPosition } from "./position.ts";

/** One value that is in effect, and where it comes from. */
export interface ExplainedSetting {
  readonly path: string;
  /** As it would be written, secrets as `[REDACTED]`. */
  readonly value: unknown;
  /** `file:line:col`, with ` from ${env:NAME}` where a reference gave it; `default` for what nobody wrote. */
  readonly origin: string;
}

/** Every value of the effective configuration with its origin: single values, and maps and lists that are empty. */
export function explainConfig(effective: EffectiveConfig, root: ConfigNode): readonly ExplainedSetting[] {
  return [...leaves(effective, [])].map(([path, value]) => ({
    path: formatPath(path),
    value,
    origin: originOf(root, path),
  }));
}

function* leaves(value: unknown, path: ConfigPath): Generator<readonly [ConfigPath, unknown]> {
  const children: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? value.map((each, index) => [index, each] as const)
    : typeof value === "object" && value !== null
      ? Object.entries(value)
      : [];
  if (children.length === 0) yield [path, value];
  for (const [key, child] of children) yield* leaves(child, [...path, key]);
}

/** A reference may have given a whole map: then it is the deepest node that exists which tells. */
function originOf(root: ConfigNode, path: ConfigPath): string {
  const node = nodeAt(root, path);
  if (node === undefined) return "default";
  const place = formatPosition(node.position);
  return node.origin === undefined ? place : `${place} from ${node.origin.reference}`;
}
