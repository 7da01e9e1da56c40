import type { IncomingMessage } from "node:http";
import { Refusal } from "./answer.ts";

const largestBytes = 4096;

/** The body as JSON. Rejects with 415 for another media type, 413 for more than 4 KiB, 400 for what is no JSON. */
export async function jsonBody(request: IncomingMessage): Promise<unknown> {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";", 1);
  if (type.trim().toLowerCase() !== "application/json") throw new Refusal(415, "send application/json");
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestBytes) {
      throw new Refusal(413, `the body has more than ${largestBytes} bytes`, { connection: "close" });
    }
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  } catch {
    throw new Refusal(400, "the body is not JSON");
  }
}
