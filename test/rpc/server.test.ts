import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import t from "tap";
import { createServer } from "../../src/rpc/server.ts";

const SHORT = { headersTimeout: 50, requestTimeout: 100, connectionsCheckingInterval: 10 };

/** What a client gets that sends this much and then nothing. */
async function dawdle(port: number, text: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  const chunks: Buffer[] = [];
  socket.on("data", (chunk) => chunks.push(chunk));
  socket.write(text);
  await once(socket, "close");
  return Buffer.concat(chunks).toString();
}

t.test("a client that dawdles is answered 408 and cut off, wherever it stops", { timeout: 20_000 }, async (t) => {
  const server = createServer(
    (request, response) => {
      request.resume();
      request.on("end", () => response.end("done"));
    },
    undefined,
    SHORT,
  );
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port }: Partial<AddressInfo> = Object(server.address());
  const sent = [
    "",
    "POST /rpc HT",
    "POST /rpc HTTP/1.1\r\nHost: x\r\n",
    "POST /rpc HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n12345",
  ];
  for (const text of sent) t.match(await dawdle(port ?? 0, text), /^HTTP\/1\.1 408 Request Timeout\r\n/, JSON.stringify(text));
});

t.test("an answer may take longer than a request", async (t) => {
  const server = createServer((_request, response) => void setTimeout(() => response.end("late"), 300), undefined, SHORT);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const { port }: Partial<AddressInfo> = Object(server.address());
  const response = await fetch(`http://127.0.0.1:${port}/`);
  t.equal(await response.text(), "late");
});
