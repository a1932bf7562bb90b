/** Keeps nothing: as fast as the door itself can be. */
import { openDoor } from "./door.js";

let count = 0;
await openDoor(() => {
  count += 1;
  return count;
});
