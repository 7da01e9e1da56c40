import { matchesGlob } from "node:path";
import type { ComponentView } from "@dbintel/pipeline";

/**
 * Names components: `kind/id`, `id` alone for that of any kind, or with `@pipeline` a processor of one pipeline. `*` and
 * `?` stand for what they do in names of files, but that the slash of an id such as `otlp_http/eu` is a character too.
 */
export class ComponentPattern {
  readonly #kind: string;
  readonly #id: string;

  constructor(text: string) {
    const [, kind = "*", id = text] =
      /^(receiver|processor|exporter|connector|extension|[^/]*[*?[{][^/]*)\/(.+)$/s.exec(text) ?? [];
    this.#kind = kind;
    this.#id = flat(id);
  }

  matches({ kind, id, pipeline }: Pick<ComponentView, "kind" | "id" | "pipeline">): boolean {
    if (!matchesGlob(kind, this.#kind)) return false;
    return (
      matchesGlob(flat(id), this.#id) || (pipeline !== undefined && matchesGlob(flat(`${id}@${pipeline}`), this.#id))
    );
  }
}

/** Globs stop at slashes. */
function flat(text: string): string {
  return text.replaceAll("/", ":");
}
