import type { Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";

export type Connections = {
  /** Ends each connection as soon as no call is in flight on it; those on which none is, at once. */
  drain(): void;
  /** Ends all. */
  cut(): void;
};

/**
 * Knows which connections of a server carry a call. Node's closeIdleConnections() looks once and spares connections
 * that never carried any, so one browser that connects ahead, or one call that ends later, would hold up the close.
 */
export function trackConnections(server: Server): Connections {
  const open = new Map<Socket, Set<ServerResponse>>();
  let draining = false;
  /** One for all responses: it is added for each call. */
  function forget(this: ServerResponse): void {
    open.get(this.req.socket)?.delete(this);
  }

  const track = (socket: Socket): void => {
    open.set(socket, new Set());
    socket.once("close", () => open.delete(socket));
    if (draining) socket.destroy();
  };
  // With TLS, requests come on the secured socket and not on the one that connected.
  server.on("setSecureContext" in server ? "secureConnection" : "connection", track);
  server.prependListener("request", (request, response) => {
    open.get(request.socket)?.add(response);
    if (draining) response.shouldKeepAlive = false;
    response.on("close", forget);
  });

  function drain(): void {
    draining = true;
    for (const [socket, calls] of open) {
      if (calls.size === 0) socket.destroy();
      for (const response of calls) response.shouldKeepAlive = false;
    }
  }

  const cut = (): void => {
    for (const socket of open.keys()) socket.destroy();
  };
  return { drain, cut };
}
