import { join } from "node:path";
import t from "tap";
import { openStore } from "../../src/store/open.ts";
import { storeContract } from "./store.contract.ts";

storeContract(t, (t) => openStore(`sqlite:${join(t.testdir(), "perch.db")}`));
