/** Ends the pause of the waiting caller. A ring before the pause counts, unless it was silenced since. */
export class Bell {
  #isRung = false;
  #end = () => {};

  readonly ring = (): void => {
    this.#isRung = true;
    this.#end();
  };

  silence(): void {
    this.#isRung = false;
  }

  /** Resolves with the ring, when the signal is raised, or after so many milliseconds. */
  async within(ms: number, signal: AbortSignal): Promise<void> {
    if (this.#isRung || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
      signal.addEventListener('abort', this.#end, { once: true });
    });
    signal.removeEventListener('abort', this.#end);
  }
}
