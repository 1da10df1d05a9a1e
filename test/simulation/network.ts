import type { Audit } from './audit.ts';
import type { Chance } from './chance.ts';
import { NoAnswer } from './fans.ts';
import type { History } from './history.ts';
import type { ApiProcess, PaymentsProcess } from './processes.ts';
import type { Actor, Scheduler } from './scheduler.ts';

type Needs = { scheduler: Scheduler; chance: Chance; audit: Audit; history: History };

/** The network between fans, the gateway and the processes: it delays and loses calls and chooses the process. */
export class Network {
  readonly apis = new Map<string, ApiProcess>();
  readonly payments = new Map<string, PaymentsProcess>();
  /** The probability that a request is lost, and that its answer is. */
  loss = 0;
  calls = 0;
  readonly #needs: Needs;

  constructor(needs: Needs) {
    this.#needs = needs;
  }

  anyApi(): ApiProcess | undefined {
    return this.#anyOf(this.apis);
  }

  /** To some api process, on behalf of a fan. Throws NoAnswer when none comes in time. */
  call<T>(fan: Actor, run: (api: ApiProcess) => Promise<T>): Promise<T> {
    const { scheduler, chance } = this.#needs;
    this.calls += 1;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new NoAnswer()), chance.between(1500, 5000));
      const api = this.anyApi();
      if (!api || chance.happens(this.loss)) return;
      const answer = (settle: () => void): void => {
        if (chance.happens(this.loss)) return;
        scheduler.after(chance.between(0.5, 20), fan, () => {
          clearTimeout(timer);
          settle();
        });
      };
      scheduler.after(chance.between(0.5, 20), api.actor, () => {
        run(api).then(
          (result) => answer(() => resolve(result)),
          (error) => answer(() => reject(error)),
        );
      });
    });
  }

  /** A notice of the gateway to some payments process. */
  deliver(delivery: { rawBody: Buffer; headers: Record<string, string> }): Promise<void> {
    const { scheduler, chance, audit, history } = this.#needs;
    const process = this.#anyOf(this.payments);
    if (!process) return Promise.reject(new Error('There is no payments process.'));
    return new Promise((resolve, reject) => {
      scheduler.after(chance.between(0.5, 20), process.actor, () => {
        process.receive(delivery).then(({ outcome }) => {
          history.add(`notice ${outcome}`);
          if (outcome === 'WAITING') audit.reach('notice before the payment knew its session');
          if (outcome === 'REPEATED' || outcome === 'KNOWN') audit.reach('notice twice');
          resolve();
        }, reject);
      });
    });
  }

  #anyOf<P extends { readonly actor: Actor }>(processes: ReadonlyMap<string, P>): P | undefined {
    const alive = [...processes.values()].filter(({ actor }) => actor.isAlive);
    return alive.length > 0 ? this.#needs.chance.pick(alive) : undefined;
  }
}
