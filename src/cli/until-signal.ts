import type { Machine, StopSignal } from "./machine.ts";

/** `signalled` resolves at the first signal that asks a program to end; call `forget` when it is of no more interest. */
export function untilSignal(machine: Machine): { signalled: Promise<StopSignal>; forget(): void } {
  const { promise, resolve } = Promise.withResolvers<StopSignal>();
  return { signalled: promise, forget: machine.onSignal(resolve) };
}
