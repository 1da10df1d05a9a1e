import type { GraphQLFormattedError } from 'graphql';
import { closeQuietly, type Source } from '#graphql/subscription-results.ts';
import type { Tails } from './groups.ts';
import { completeMessage, errorMessage, nextFrame, nextHead } from './messages.ts';

/** What a subscription needs of its socket. */
export type Outlet = {
  send(message: string): void;
  /** A whole WebSocket frame. */
  sendFrame(frame: Buffer): void;
  /** Messages that the socket has not yet taken. */
  readonly outstanding: number;
  /** Resolves when the socket has taken something, or is gone. */
  progress(): Promise<void>;
};

/** With so many messages outstanding a subscription stops reading its source, which merges what comes meanwhile. */
const MAX_OUTSTANDING = 2;

/** One operation on one socket, from `subscribe` to `complete`. */
export class Subscription {
  readonly id: string;
  readonly #outlet: Outlet;
  #source: Source | undefined;
  #stopped = false;

  constructor(id: string, outlet: Outlet) {
    this.id = id;
    this.#outlet = outlet;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  /** Sends what the source gives until it ends, fails or `stop` is called. Never rejects. */
  async run(source: Source, tails: Tails, report: (error: unknown) => GraphQLFormattedError): Promise<void> {
    this.#source = source;
    try {
      if (!this.#stopped) await this.#pump(source, tails);
      if (!this.#stopped) this.#outlet.send(completeMessage(this.id));
    } catch (error) {
      if (!this.#stopped) this.#outlet.send(errorMessage(this.id, [report(error)]));
    } finally {
      this.stop();
      tails.leave();
    }
  }

  /** Nothing is sent for this operation from now on. */
  stop(): void {
    this.#stopped = true;
    if (this.#source) closeQuietly(this.#source);
    this.#source = undefined;
  }

  async #pump(source: Source, tails: Tails): Promise<void> {
    const head = nextHead(this.id);
    for (;;) {
      while (this.#outlet.outstanding >= MAX_OUTSTANDING && !this.#stopped) await this.#outlet.progress();
      const { done, value } = await source.next();
      if (done || this.#stopped) return;
      const made = tails.tailOf(value);
      const tail = made instanceof Promise ? await made : made;
      if (this.#stopped) return;
      this.#outlet.sendFrame(nextFrame(head, tail));
    }
  }
}
