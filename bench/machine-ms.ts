/** The machine's monotonic clock in milliseconds: the same in all its processes, unlike `performance.now()`. */
export const machineMs = (): number => Number(process.hrtime.bigint()) / 1e6;
