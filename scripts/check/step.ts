import { execFile } from 'node:child_process';

export interface Outcome {
  state: 'ok' | 'failed' | 'skipped';
  /** What a person needs to fix it, or why the step was skipped. */
  output: string;
}

export interface Step {
  name: string;
  run(): Promise<Outcome>;
}

/** A step that is a program: ok when it exits with 0. */
export function program(name: string, root: string, command: string, ...args: string[]): Step {
  return {
    name,
    run: () =>
      new Promise((done) => {
        execFile(command, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
          const output = `${stdout}${stderr}`.trim() || error?.message || '';
          done(error ? { state: 'failed', output } : { state: 'ok', output: '' });
        });
      }),
  };
}
