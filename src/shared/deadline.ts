/**
 * Settles like `work`, or after `ms` milliseconds with what `late` returns or throws. The timer ends with the work, so
 * it does not keep the process alive. The work itself continues; a later result or error of it is discarded.
 */
export function withDeadline<T, L>(work: Promise<T>, ms: number, late: () => L): Promise<T | L> {
  return new Promise((resolve, reject) => {
    const end = () => {
      try {
        resolve(late());
      } catch (error) {
        reject(error);
      }
    };
    const timer = setTimeout(end, ms);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
