import type { Delivery } from "../shapes.ts";
import type { Invocation } from "./command.ts";
import { stateCell } from "./state-style.ts";
import { localTime } from "./when.ts";

/** Deliveries, a line each: short times for a person, ISO 8601 for a pipe. */
export function sayDeliveries({ screen, machine }: Invocation, deliveries: readonly Delivery[]): void {
  if (deliveries.length === 0 && screen.isTerminal) {
    screen.say("No deliveries.");
    return;
  }
  screen.table(
    ["ID", "STATE", "ACCEPTED", "ACCOUNT", "ENTRY", "TEXT"],
    deliveries.map((delivery) => [
      delivery.id,
      stateCell(delivery.state),
      screen.isTerminal ? localTime(delivery.acceptedAt, machine.now()) : delivery.acceptedAt,
      delivery.accountName,
      delivery.entryId ?? "",
      delivery.text,
    ]),
    5,
  );
}
