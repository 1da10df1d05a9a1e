export type Steps = {
  /** Prints what was done since the last step, and how long it took. */
  step(text: string, ...details: string[]): void;
  /** Prints how long all steps took. */
  finish(): void;
};

export function printSteps(): Steps {
  const startedMs = performance.now();
  let stepStartedMs = startedMs;
  const print = (sinceMs: number, text: string) =>
    console.log(`${String(Math.round(performance.now() - sinceMs)).padStart(6)} ms  ${text}`);
  return {
    step(text, ...details) {
      print(stepStartedMs, text);
      for (const detail of details) console.log(`           ${detail}`);
      stepStartedMs = performance.now();
    },
    finish: () => print(startedMs, 'in all'),
  };
}
