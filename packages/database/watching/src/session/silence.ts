import type { Socket } from "node:net";

/** Resolves when nothing has come over the socket for so long, or when it is closed. */
export function silence(socket: Socket, milliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.setTimeout(0);
      socket.off("timeout", done);
      socket.off("close", done);
      resolve();
    };
    socket.once("timeout", done);
    socket.once("close", done);
    socket.setTimeout(milliseconds);
    if (socket.destroyed) done();
  });
}
