import { relative } from "node:path";

/** What is wrong with a configuration, and where. Never holds a value that could be secret. */
export type Problem = {
  /** Absolute. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1. */
  column: number;
  message: string;
};

/** `file:line:column: what is wrong`, the file relative to the working folder where that is shorter. */
export function formatProblem(problem: Problem, folder = process.cwd()): string {
  const near = relative(folder, problem.file);
  const file = near !== "" && near.length < problem.file.length ? near : problem.file;
  return `${file}:${problem.line}:${problem.column}: ${problem.message}`;
}

/** By file as they were read, then by place; the same message at the same place counts once. */
export function sortProblems(problems: readonly Problem[]): Problem[] {
  const files = [...new Set(problems.map((problem) => problem.file))];
  const unique = new Map(problems.map((problem) => [formatProblem(problem, "/"), problem]));
  return [...unique.values()].sort(
    (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column || (a.message < b.message ? -1 : 1),
  );
}
