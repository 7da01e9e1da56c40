import { logsBuilder } from "@dbintel/pdata";
import type { HeaderOf } from "@dbintel/pipeline";
import { Sink } from "@dbintel/pipeline/testing";
import { describe, expect, it } from "vitest";
import { otlp } from "../src/component.ts";
import { exportLogs, Sender, startGrpc } from "./grpc.ts";
import { post, protobuf, startReceiver } from "./receiver.ts";

const body = logsBuilder().resource({ attributes: {} }).scope({ name: "" }).record({ body: "x" }).build().encode();
const auth = { authenticator: "guard" };
const guard = { challenge: "Password", admits: async (header: HeaderOf) => header("password") === "open sesame" };
const extensions = new Map<string, object>([
  ["guard", guard],
  ["health_check", {}],
]);

describe("auth", () => {
  it("answers 401 to strangers over HTTP, before it looks at anything else", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startReceiver({ logs: sink }, { auth }, extensions);
    const stranger = await post(receiver.port, { body, headers: { ...protobuf, password: "open barley" } });
    expect([stranger.status, stranger.headers["www-authenticate"]]).toEqual([401, "Password"]);
    expect(await post(receiver.port, { path: "/nowhere" })).toMatchObject({ status: 401 });
    expect(sink.items).toBe(0);
    const friend = await post(receiver.port, { body, headers: { ...protobuf, password: "open sesame" } });
    expect(friend.status).toBe(200);
    expect(sink.items).toBe(1);
  });

  it("answers UNAUTHENTICATED to strangers over gRPC", async () => {
    const sink = new Sink<"logs">();
    await using receiver = await startGrpc({ logs: sink }, { auth }, extensions);
    using sender = new Sender(receiver.port);
    expect(await sender.call(exportLogs, body)).toMatchObject({ code: 16 });
    expect(sink.items).toBe(0);
    expect(await sender.call(exportLogs, body, { metadata: { password: "open sesame" } })).toMatchObject({ code: 0 });
    expect(sink.items).toBe(1);
  });

  it.each([
    ["watchman", 'names the extension "watchman", which does not run'],
    ["health_check", 'names the extension "health_check", which is no authenticator of senders'],
  ])("refuses to start with %s", async (authenticator, message) => {
    await expect(startReceiver({}, { auth: { authenticator } }, extensions)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: expect.stringContaining("one of guard"),
    });
    await expect(startGrpc({}, { auth: { authenticator } }, extensions)).rejects.toThrow(message);
  });

  it("counts as a guard of what other machines can reach", () => {
    const { definition, config } = otlp({ protocols: { http: { endpoint: "0.0.0.0:4318", auth } } });
    expect(definition.listeners?.(config)).toEqual([{ address: { host: "0.0.0.0", port: 4318 }, guarded: true }]);
  });
});
