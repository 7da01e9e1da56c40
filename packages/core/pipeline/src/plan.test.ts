import { describe, expect, it } from "vitest";
import { specOf, TestReceiver, testConnector, testExporter, testProcessor } from "../test/components.ts";
import { downstreamFirst } from "./plan.ts";

const r = new TestReceiver().configured();
const plan = (pipelines: Readonly<Record<string, string>>) =>
  downstreamFirst(
    specOf({
      receivers: { r },
      processors: { p: testProcessor(), logs_only: testProcessor(undefined, { signals: ["logs"] }) },
      connectors: { a: testConnector(), b: testConnector() },
      exporters: { x: testExporter(), logs_only: testExporter(undefined, { signals: ["logs"] }) },
      pipelines,
    }),
  );

describe("the order of pipelines", () => {
  it("puts each after all that it feeds", () => {
    const order = plan({ "logs/1": "r > > a", "logs/2": "a > > b, x", "logs/3": "b, r > > x", "logs/4": "a > > x" });
    expect(order.indexOf("logs/3")).toBeLessThan(order.indexOf("logs/2"));
    expect(order.indexOf("logs/2")).toBeLessThan(order.indexOf("logs/1"));
    expect(order.indexOf("logs/4")).toBeLessThan(order.indexOf("logs/1"));
    expect(order).toHaveLength(4);
  });

  it.each([
    [{ logs: "r > > nothing" }, 'pipeline "logs" names the exporter "nothing", which is not defined'],
    [{ logs: "nobody > > x" }, 'pipeline "logs" names the receiver "nobody", which is not defined'],
    [{ logs: "r > nowhere > x" }, 'pipeline "logs" names the processor "nowhere", which is not defined'],
    [{ logs: " > > x" }, 'pipeline "logs" has no receiver'],
    [{ logs: "r > > " }, 'pipeline "logs" has no exporter'],
    [{ metrics: "r > logs_only > x" }, 'the processor "logs_only" of pipeline "metrics" does not take metrics'],
    [{ traces: "r > > logs_only" }, 'the exporter "logs_only" of pipeline "traces" does not take traces'],
    [{ logs: "r > > a" }, 'the connector "a" takes from pipeline "logs", but no pipeline receives from it'],
    [{ logs: "a > > x" }, 'the connector "a" gives to pipeline "logs", but no pipeline feeds it logs'],
    [
      { "logs/1": "r, b > > a", "logs/2": "a > > x, b" },
      "pipelines feed each other in a circle: logs/1 → logs/2 → logs/1",
    ],
    [{ logs: "r, a > > a" }, "pipelines feed each other in a circle: logs → logs"],
  ])("refuses %j", (pipelines, message) => {
    expect(() => plan(pipelines as Record<string, string>)).toThrow(
      expect.objectContaining({ code: "DBI_CONFIG_INVALID", message }),
    );
  });

  it("refuses an extension that is not defined", () => {
    const spec = specOf({ receivers: { r }, exporters: { x: testExporter() }, pipelines: { logs: "r > > x" } });
    const service = { ...spec.service, extensions: ["health_check"] };
    expect(() => downstreamFirst({ ...spec, service })).toThrow('"health_check", which is not defined');
  });
});
