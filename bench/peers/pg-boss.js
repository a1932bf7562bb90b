/** pg-boss as its documentation has it; argument: the database's address. */
import { PgBoss } from "pg-boss";
import { openDoor } from "./door.js";

const boss = new PgBoss(process.argv[2]);
boss.on("error", (error) => process.stderr.write(`${error.stack}\n`));
await boss.start();
await boss.createQueue("notices");
await openDoor((params) => boss.send("notices", params));
