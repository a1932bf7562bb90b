/** BullMQ as its documentation has it; argument: Redis' port. */
import { Queue } from "bullmq";
import { openDoor } from "./door.js";

const queue = new Queue("notices", { connection: { host: "127.0.0.1", port: Number(process.argv[2]) } });
await queue.waitUntilReady();
await openDoor(async (params) => (await queue.add("notice", params)).id);
