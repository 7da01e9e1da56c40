import type { ErrorCode as YamlErrorCode } from "yaml";

/**
 * What the reader of a configuration is told for each error of the YAML parser. The parser's own messages quote the
 * text, which may be a password: `password: *hunter2` is an alias to YAML.
 */
export const yamlFaults: Readonly<Record<YamlErrorCode, string>> = {
  ALIAS_PROPS: "an alias can have neither an anchor nor a tag",
  BAD_ALIAS: "a name must follow & and *, without : at its end; quote a text that begins with one of them",
  BAD_COLLECTION_TYPE: "the tag does not fit the kind of value",
  BAD_DIRECTIVE: "this directive is not known",
  BAD_DQ_ESCAPE: "this escape is not known between double quotes: write \\\\ for a backslash, or use single quotes",
  BAD_INDENT: "the indentation does not fit the lines above, or a bracket above is not closed",
  BAD_PROP_ORDER: "an anchor or tag must come after the indicator, on the same line as its value",
  BAD_SCALAR_START: "a text cannot begin with this character: quote it",
  BLOCK_AS_IMPLICIT_KEY: "a second key on the same line: put it on a line of its own, or quote the text that holds a :",
  BLOCK_IN_FLOW: "indented lists and maps cannot stand between [ ] or { }",
  DUPLICATE_KEY: "the key is there twice",
  IMPOSSIBLE: "not valid YAML",
  KEY_OVER_1024_CHARS: "a key can have at most 1024 characters",
  MISSING_CHAR: "a character is missing: a closing quote or bracket, a comma, or the : after a key",
  MULTILINE_IMPLICIT_KEY: "a key must stand on one line: is a : or a - missing, or the indentation wrong?",
  MULTIPLE_ANCHORS: "a value can have at most one anchor",
  MULTIPLE_DOCS: "a second document begins here: a source can hold only one",
  MULTIPLE_TAGS: "a value can have at most one tag",
  NON_STRING_KEY: "a key must be a text",
  RESOURCE_EXHAUSTION: "nested too deep",
  TAB_AS_INDENT: "a tab cannot indent: use spaces",
  TAG_RESOLVE_FAILED: "the tag is not known, or its value does not fit it",
  UNEXPECTED_TOKEN: "this is not expected here: is a bracket, a comma or a quote too much, or the indentation wrong?",
};
