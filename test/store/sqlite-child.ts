/** A host's store in a process of its own: accepts for ever and prints each id only after it was answered. */
import { openStore } from "../../src/store/open.ts";
import { newDelivery, putRequest } from "./store.contract.ts";

const url = process.argv[2] ?? "";
const callers = Number(process.argv[3] ?? 16);

try {
  const store = await openStore(url);
  void store.broken.then((cause) => process.stdout.write(`broken ${cause.message}\n`));
  process.stdout.write("open\n");
  let stopped = false;
  const caller = async () => {
    while (!stopped) {
      const delivery = newDelivery();
      const answer = await store.put(putRequest([delivery])).catch((error: Error) => error);
      stopped ||= answer instanceof Error;
      process.stdout.write(answer instanceof Error ? `refused ${answer.name} ${answer.message}\n` : `kept ${delivery.id}\n`);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  await store.close();
} catch (error) {
  process.stdout.write(`not opened ${error instanceof Error ? error.message : error}\n`);
}
