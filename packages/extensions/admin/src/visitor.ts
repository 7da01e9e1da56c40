import type { IncomingMessage } from "node:http";
import { TLSSocket } from "node:tls";
import { headerOf } from "@dbintel/pipeline/listen";

/** Who asks, for the audit log: asked after the credentials were found right. */
export function visitorOf(request: IncomingMessage): string {
  const name = userOf(headerOf(request, "authorization")) ?? certifiedName(request) ?? "anonymous";
  return `${name} from ${request.socket.remoteAddress ?? "a closed connection"}`;
}

/** The user of Basic credentials; of other schemes only what they are. */
function userOf(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const [scheme = "", credentials = ""] = authorization.split(" ", 2);
  if (scheme.toLowerCase() !== "basic") return `holder of a ${scheme.toLowerCase().slice(0, 16)} token`;
  const [user = ""] = Buffer.from(credentials, "base64").toString("utf8").split(":", 1);
  return user.slice(0, 128);
}

function certifiedName({ socket }: IncomingMessage): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) return undefined;
  const name = socket.getPeerCertificate().subject?.CN;
  return typeof name === "string" ? name : name?.[0];
}
