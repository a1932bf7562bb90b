/** What a command reads from and writes to; a process in earnest, buffers in a test. */
export type Io = {
  stdout: { write(text: string): unknown };
  stderr: { write(text: string): unknown };
  stdin: NodeJS.ReadableStream & { isTTY?: boolean };
  /** Whether standard output is a terminal: colour, tables and spinners are for terminals only. */
  isTerminal: boolean;
  /** Width of the terminal in characters. */
  columns: number;
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
};

/** The `Io` of a process. A reader that goes away (`perch … | head`) ends the program quietly. */
export function ioOf(host: NodeJS.Process): Io {
  host.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    host.exit(0);
  });
  return {
    stdout: host.stdout,
    stderr: host.stderr,
    stdin: host.stdin,
    isTerminal: host.stdout.isTTY === true,
    columns: host.stdout.columns ?? 80,
    env: host.env,
    cwd: host.cwd(),
  };
}
