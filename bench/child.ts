/** A program of a bench in a process of its own: it is asked things, and answers each. */
import { fork } from "node:child_process";
import { once } from "node:events";

/** Questions and answers of a program, by name. */
type Talk = Record<string, [question: unknown, answer: unknown]>;
type Asked = { id: number; name: string; question: unknown };
type Answered = { id: number; answer?: unknown; error?: string };

export type Child<T extends Talk> = {
  /** Rejects with what the program threw, and when it ends before it has answered. */
  ask<N extends keyof T & string>(name: N, question: T[N][0]): Promise<T[N][1]>;
  close(): Promise<void>;
};

/** Starts `program`, a file that calls {@link serve}. */
export function openChild<T extends Talk>(program: URL): Child<T> {
  const child = fork(program);
  const exited = once(child, "exit");
  // None outlives the bench, however that ends.
  const orphaned = () => child.kill("SIGKILL");
  process.once("exit", orphaned);
  const waiting = new Map<number, { resolve(answer: unknown): void; reject(cause: Error): void }>();
  let lastId = 0;
  child.on("message", ({ id, answer, error }: Answered) => {
    const asked = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) asked?.resolve(answer);
    else asked?.reject(new Error(error));
  });
  child.once("exit", (status) => {
    process.off("exit", orphaned);
    for (const { reject } of waiting.values()) reject(new Error(`${program.pathname} ended with ${status}`));
  });
  return {
    ask(name, question) {
      lastId += 1;
      const id = lastId;
      const answered = new Promise<unknown>((resolve, reject) => waiting.set(id, { resolve, reject }));
      child.send({ id, name, question } satisfies Asked);
      return answered as Promise<never>;
    },
    async close() {
      child.disconnect();
      await exited;
    },
  };
}

/** The program's side; it ends when whoever started it lets go of it. */
export function serve<T extends Talk>(answers: { [N in keyof T]: (question: T[N][0]) => T[N][1] | Promise<T[N][1]> }): void {
  const answerTo = async ({ id, name, question }: Asked): Promise<Answered> => {
    try {
      return { id, answer: await answers[name]?.(question) };
    } catch (cause) {
      return { id, error: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
    }
  };
  process.on("message", (asked: Asked) => void answerTo(asked).then((answered) => process.send?.(answered)));
  process.once("disconnect", () => process.exit());
}
