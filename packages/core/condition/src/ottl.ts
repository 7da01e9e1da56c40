/**
 * How an OTTL name is written in CEL: people come with the configuration of the OpenTelemetry Collector's filter
 * processor, whose conditions are OTTL.
 */
const ottl: ReadonlyMap<string, string> = new Map([
  ["and", "CEL writes && for OTTL's and"],
  ["or", "CEL writes || for OTTL's or"],
  ["not", "CEL writes ! for OTTL's not"],
  ["nil", 'for OTTL\'s attributes["k"] == nil write !("k" in attributes); for != nil write "k" in attributes'],
  ["IsMatch", 'for OTTL\'s IsMatch(body, "pattern") write body.matches("pattern")'],
  ["HasPrefix", 'for OTTL\'s HasPrefix(name, "text") write name.startsWith("text")'],
  ["HasSuffix", 'for OTTL\'s HasSuffix(name, "text") write name.endsWith("text")'],
  ["ContainsValue", 'for OTTL\'s ContainsValue(attributes["list"], "v") write "v" in attributes["list"]'],
  ["Len", 'for OTTL\'s Len(attributes["k"]) write size(attributes["k"])'],
  ["Duration", 'for OTTL\'s Duration("1s") write duration("1s")'],
  ["IsRootSpan", 'for OTTL\'s IsRootSpan() write parent_span_id == ""'],
  ["HasAttrKeyOnDatapoint", 'for HasAttrKeyOnDatapoint("k") write "k" in attributes'],
  ["HasAttrOnDatapoint", 'for HasAttrOnDatapoint("k", "v") write attributes["k"] == "v"'],
  ["instrumentation_scope", "the scope is called scope here: scope.name, scope.version, scope.attributes"],
  ["status", "the status of a span is status_code and status_message here"],
  ["start_time", "times are called start_time_unix_nano and end_time_unix_nano here; a span has duration"],
  ["end_time", "times are called start_time_unix_nano and end_time_unix_nano here; a span has duration"],
  ["time", "times are called time_unix_nano and observed_time_unix_nano here"],
  ["value_int", "the value of a point is called value here, whether int or double"],
  ["value_double", "the value of a point is called value here, whether int or double"],
  ...["log", "span", "datapoint"].map(
    (context) =>
      [context, `leave out the prefix "${context}.": write attributes["k"], not ${context}.attributes["k"]`] as const,
  ),
]);

/** What to write for a name of OTTL; `undefined` when it is none. */
export function ottlHint(name: string): string | undefined {
  return ottl.get(name);
}
