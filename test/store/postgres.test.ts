import t from "tap";
import { openStore } from "../../src/store/open.ts";
import { startPostgres } from "./postgres-server.ts";
import { storeContract } from "./store.contract.ts";

const server = await startPostgres();
t.teardown(() => server.destroy());

storeContract(t, async () => openStore(await server.createDatabase()));
