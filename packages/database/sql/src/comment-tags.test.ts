import { expect, it } from "vitest";
import { commentTags } from "./comment-tags.ts";
import { parseTraceparent } from "./traceparent.ts";

const traceparent = "00-5bd66ef5095369c7b0d1f8f4bd33716a-c532cb4098ac3dd2-01";

function tags(sql: string): Record<string, string> {
  return Object.fromEntries(commentTags(sql, "postgresql"));
}

it.each([
  [
    `select 1 /*action='%2Fparam*d',controller='index',traceparent='${traceparent}'*/`,
    { action: "/param*d", controller: "index", traceparent },
  ],
  [
    "select 1 /*name='DROP%20TABLE',note='it\\'s',k%20y='a,b:c'*/",
    { name: "DROP TABLE", note: "it's", "k y": "a,b:c" },
  ],
  [
    "/*application:Shop,controller:orders,line:/app/models/a.rb:53:in*/ select 1",
    { application: "Shop", controller: "orders", line: "/app/models/a.rb:53:in" },
  ],
  ["select 1 -- nr_service_guid=abc, team=x", { nr_service_guid: "abc", team: "x" }],
  ["/*a:1*/ select '/*b:2*/' /*a:3*/", { a: "3" }],
  ["select 1 /* note: see below */ /* jane@example.com */ /* just words */ /**/ -- 5", {}],
  ["select 1 /*a='unclosed*/", {}],
  ["select 1 /*a='x',b='cut off", {}],
  ["select 1 /*bad='%zz'*/", { bad: "%zz" }],
])("%s", (sql, expected) => {
  expect(tags(sql)).toEqual(expected);
});

it("reads MySQL's comments, but not what MySQL runs", () => {
  expect(Object.fromEntries(commentTags("select 1 # a=1\n /*! b=2 */ /*c=3*/", "mysql"))).toEqual({ a: "1", c: "3" });
});

it("keeps within its limits", () => {
  const list = Array.from({ length: 100 }, (_, index) => `k${index}=${index}`).join(",");
  expect(commentTags(`/*${list}*/ /*late=1*/ select 1 /*k0=new*/`, "postgresql").size).toBe(32);
  expect(tags(`/*k=${"v".repeat(513)},${"k".repeat(65)}=1,ok=1*/`)).toEqual({ ok: "1" });
});

it("reads a traceparent", () => {
  expect(parseTraceparent(traceparent)).toEqual({
    traceId: "5bd66ef5095369c7b0d1f8f4bd33716a",
    spanId: "c532cb4098ac3dd2",
    sampled: true,
  });
  expect(parseTraceparent(`01${traceparent.slice(2, -2)}00-later`)?.sampled).toBe(false);
});

it.each([
  "",
  "00",
  `ff${traceparent.slice(2)}`,
  `${traceparent}-more`,
  traceparent.toUpperCase(),
  `00-${"0".repeat(32)}-c532cb4098ac3dd2-01`,
  `00-5bd66ef5095369c7b0d1f8f4bd33716a-${"0".repeat(16)}-01`,
  traceparent.slice(0, -1),
])("refuses the traceparent %j", (value) => {
  expect(parseTraceparent(value)).toBeUndefined();
});
