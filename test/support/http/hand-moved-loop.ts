import type { LoopClock } from '#graphql/overload/loop-delay.ts';
import type { OverloadControl } from '#graphql/overload/overload-control.ts';

/** The event loop as a test moves it: time passes by `work` and by `rest`, and a turn ends when `turn` says so. */
export class Loop implements LoopClock {
  #now = 1_000;
  #idleMs = 0;
  #ends: (() => void)[] = [];

  now = () => this.#now;
  idleMs = () => this.#idleMs;
  afterTurn = (work: () => void) => void this.#ends.push(work);

  work(ms: number): void {
    this.#now += ms;
  }

  rest(ms: number): void {
    this.#now += ms;
    this.#idleMs += ms;
  }

  turn(): void {
    for (const end of this.#ends.splice(0)) end();
  }
}

/** The loop has been busy for longer than an overload takes to be known, and a turn has worked for holds for a second. */
export function overload(loop: Loop, control: OverloadControl): void {
  const ask = () => control.arrive({ query: 'mutation { createBooking }' }, () => false);
  for (let turn = 0; turn < 10; turn++) {
    ask();
    loop.work(50);
    loop.turn();
  }
  ask();
  loop.work(1_000);
}
