// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references are what this file is about
/** A piece of a text that may hold references. */
export type Segment =
  | { readonly kind: "text"; readonly text: string }
  /** `${…}`; its body may hold references again. */
  | { readonly kind: "reference"; readonly body: readonly Segment[]; readonly source: string };

/** What is wrong with a text that cannot be split. */
export interface TemplateFault {
  readonly message: string;
  readonly hint: string;
}

export type Template =
  | { readonly segments: readonly Segment[]; readonly fault?: never }
  | { readonly fault: TemplateFault; readonly segments?: never };

/** References inside the body of references. */
const maxNesting = 8;

/**
 * Splits a text into its literal parts and its references. `$$` is a literal `$`; a `$` before anything else than
 * `$` and `{` is itself. As in the OpenTelemetry Collector the first `}` ends the innermost reference; unlike there
 * a `${` without an end is a fault, not a text.
 */
export function parseTemplate(text: string): Template {
  const result = split(text, 0, 0);
  return "message" in result ? { fault: result } : { segments: result.segments };
}

interface Split {
  readonly segments: readonly Segment[];
  /** Behind the `}` of a body, or the end of the text. */
  readonly end: number;
}

function split(text: string, start: number, nesting: number): Split | TemplateFault {
  const segments: Segment[] = [];
  let literal = "";
  const flush = () => {
    if (literal !== "") segments.push({ kind: "text", text: literal });
    literal = "";
  };
  let offset = start;
  while (offset < text.length) {
    const next = text[offset];
    if (next === "}" && nesting > 0) {
      flush();
      return { segments, end: offset + 1 };
    }
    if (next !== "$") {
      literal += next;
      offset += 1;
    } else if (text[offset + 1] === "$") {
      literal += "$";
      offset += 2;
    } else if (text[offset + 1] === "{") {
      if (nesting === maxNesting)
        return { message: "references are nested too deep", hint: "use fewer levels of ${…}" };
      const body = split(text, offset + 2, nesting + 1);
      if ("message" in body) return body;
      flush();
      segments.push({ kind: "reference", body: body.segments, source: text.slice(offset, body.end) });
      offset = body.end;
    } else {
      literal += "$";
      offset += 1;
    }
  }
  if (nesting > 0) return { message: "${ has no closing }", hint: "close it, or write $${ for a literal ${" };
  flush();
  return { segments, end: offset };
}
