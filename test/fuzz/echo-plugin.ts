/** Gives back what it gets: whatever an AR value goes through between a caller and a plug-in, it must arrive as it was. */
import { definePlugin } from "../../src/contract.ts";

export default definePlugin({ apiVersion: 1, filters: { "FUZZ.ECHO": (inValues) => inValues } });
