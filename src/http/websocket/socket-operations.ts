import { randomUUID } from 'node:crypto';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import { RateLimited } from '#domain/errors.ts';
import { type Call, type Caller, openCall, type Way } from '#graphql/call.ts';
import { badRequest } from '#graphql/document-texts.ts';
import type { Graphql } from '#graphql/graphql.ts';
import { toGraphqlParams } from '#graphql/params.ts';
import { type Source, SubscriptionResults } from '#graphql/subscription-results.ts';
import { type Groups, resultsAsTheyAre, type Tails, type Variables } from './groups.ts';
import { completeMessage, errorMessage, resultMessage, type SubscribePayload } from './messages.ts';
import type { Operations } from './operations.ts';
import { type Outlet, Subscription } from './subscription.ts';

export type SocketCaller = Omit<Caller, 'requestId' | 'traceparent' | 'refusal'>;

export type CallerOfSocket = {
  /** Resolves to the caller as of now, or to undefined after it closed the socket. */
  now(): Promise<SocketCaller | undefined>;
  /** Of the viewer who opened the socket. */
  userId(): string | undefined;
};

type Needs = {
  readonly options: { readonly graphql: Graphql };
  readonly limits: { readonly subscriptionsPerSocket: number };
  readonly groups: Groups;
  readonly operations: Operations;
};

const WEBSOCKET: Way = { transport: 'websocket', types: ['query', 'mutation', 'subscription'] };

/** The operations of one socket, each from `subscribe` to `complete`. An error of one operation ends it alone. */
export class SocketOperations {
  readonly #needs: Needs;
  readonly #outlet: Outlet;
  readonly #callerNow: CallerOfSocket['now'];
  readonly #userId: CallerOfSocket['userId'];
  readonly #running = new Map<string, Subscription>();

  constructor(needs: Needs, outlet: Outlet, { now, userId }: CallerOfSocket) {
    this.#needs = needs;
    this.#outlet = outlet;
    this.#callerNow = now;
    this.#userId = userId;
  }

  get size(): number {
    return this.#running.size;
  }

  /** False when an operation with this id runs already. */
  begin(id: string, payload: SubscribePayload): boolean {
    if (this.#running.has(id)) return false;
    if (this.#running.size >= this.#needs.limits.subscriptionsPerSocket) {
      const error = new RateLimited(1, 'Too many operations on one socket.');
      this.#outlet.send(errorMessage(id, [this.#report(error)]));
      return true;
    }
    const operation = new Subscription(id, this.#outlet);
    this.#running.set(id, operation);
    this.#start(operation, payload).catch((error: unknown) => this.#refuse(operation, [this.#report(error)]));
    return true;
  }

  /** The client has no further use for this operation. */
  complete(id: string): void {
    this.#running.get(id)?.stop();
    this.#running.delete(id);
  }

  stop(): void {
    for (const operation of this.#running.values()) operation.stop();
    this.#running.clear();
  }

  async #start(running: Subscription, payload: SubscribePayload): Promise<void> {
    const { options } = this.#needs;
    const read = toGraphqlParams(payload);
    if ('problem' in read) return this.#refuse(running, [this.#report(badRequest(read.problem))]);
    const requestId = randomUUID();
    const arrived = options.graphql.arrive(read.params, { requestId, userId: this.#userId() });
    if ('refusal' in arrived) return this.#refuse(running, [arrived.refusal]);
    const caller = await this.#callerNow();
    if (!caller || running.stopped) return;
    const call = openCall({ ...caller, requestId }, WEBSOCKET, arrived.arrival);
    const result = await options.graphql.operate(read.params, call);
    if (!(Symbol.asyncIterator in result)) return this.#finish(running, result);
    const [source, tails] = this.#sourceOf(result, call, read.params.variables);
    // Not awaited: what this function refers to would be kept in memory as long as the subscription.
    void running.run(source, tails, options.graphql.report).then(() => this.#forget(running));
  }

  /** Clients that get the same results share their execution, unless a plug-in has made other results of them. */
  #sourceOf(
    result: AsyncIterableIterator<FormattedExecutionResult>,
    { operation, caller }: Call,
    variables: Variables = {},
  ): [Source, Tails] {
    if (!(result instanceof SubscriptionResults && result.isShareable) || !operation) return [result, resultsAsTheyAre];
    const { groups, operations } = this.#needs;
    return [result.source, groups.join({ operation: operations.of(operation), variables, caller })];
  }

  /** What was refused before it was executed is an error; what was executed has one result. */
  #finish(running: Subscription, result: FormattedExecutionResult): void {
    if ('data' in result && !running.stopped) {
      this.#outlet.send(resultMessage(running.id, result));
      this.#outlet.send(completeMessage(running.id));
    }
    if ('data' in result) this.#forget(running);
    else this.#refuse(running, result.errors ?? []);
  }

  #refuse(running: Subscription, errors: readonly GraphQLFormattedError[]): void {
    if (!running.stopped) this.#outlet.send(errorMessage(running.id, errors));
    this.#forget(running);
  }

  #forget(running: Subscription): void {
    // The client may have used the id again in the meantime.
    if (this.#running.get(running.id) === running) this.#running.delete(running.id);
  }

  #report(error: unknown): GraphQLFormattedError {
    return this.#needs.options.graphql.report(error);
  }
}
