/** The way from one host to the database, through this process: it can be cut, and mended again. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export type Wire = {
  port: number;
  /**
   * `refused`: connections are reset, and new ones refused. `silent`: nothing gets through, and nobody is told; what was
   * on its way arrives when it is mended, as late as that.
   */
  cut(how: "refused" | "silent"): void;
  mend(): void;
  close(): Promise<void>;
};

export async function openWire(farPort: number): Promise<Wire> {
  let state: "whole" | "refused" | "silent" = "whole";
  const pairs = new Set<[near: Socket, far: Socket]>();
  const join = (near: Socket): void => {
    if (state === "refused") {
      near.resetAndDestroy();
      return;
    }
    const far = connect(farPort, "127.0.0.1");
    const pair: [Socket, Socket] = [near, far];
    pairs.add(pair);
    for (const [one, other] of [pair, [far, near] as const]) {
      one.on("data", (bytes) => void other.write(bytes));
      one.on("end", () => other.end());
      one.on("error", () => drop(other));
      one.on("close", () => {
        pairs.delete(pair);
        drop(other);
      });
    }
    if (state === "silent") for (const end of pair) end.pause();
  };
  const server = createServer(join).listen(0, "127.0.0.1");
  await once(server, "listening");
  const reset = () => {
    for (const pair of pairs) pair.forEach(drop);
  };
  return {
    port: (server.address() as AddressInfo).port,
    cut(how) {
      state = how;
      if (how === "refused") reset();
      else for (const pair of pairs) for (const end of pair) end.pause();
    },
    mend() {
      state = "whole";
      for (const pair of pairs) for (const end of pair) end.resume();
    },
    async close() {
      const closed = once(server, "close");
      server.close();
      reset();
      await closed;
    },
  };
}

/** A handle that is shutting down can't be reset any more (libuv, uv_tcp_close_reset), and would stay open for ever. */
function drop(socket: Socket): void {
  if (socket.destroyed || socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
