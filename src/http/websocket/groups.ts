import type { ExecutionResult } from 'graphql';
import type { AboutCaller } from '#graphql/context.ts';
import type { Graphql } from '#graphql/graphql.ts';
import { nextTail } from './messages.ts';
import type { Operation } from './operations.ts';

type Execution = Pick<Graphql, 'executeEvent' | 'report'>;

export type Variables = Readonly<Record<string, unknown>>;

/** What a subscription sends: a message without its head for each value of its source. */
export type Tails = {
  tailOf(value: object): Buffer | Promise<Buffer>;
  /** The subscription has ended. */
  leave(): void;
};

/** The results that a plug-in made of a source are sent as they are, each to its own client. */
export const resultsAsTheyAre: Tails = { tailOf: nextTail, leave: () => undefined };

type Request = { readonly operation: Operation; readonly variables: Variables; readonly caller: AboutCaller };
type Events = { readonly onExecution: () => void; readonly onEmpty: () => void };

/** Subscriptions that get the same bytes for the same source event. */
export class Group implements Tails {
  readonly #graphql: Execution;
  readonly #request: Request;
  readonly #events: Events;
  readonly #tails = new WeakMap<object, Buffer | Promise<Buffer>>();
  members = 0;

  /** Without a viewer in `caller` for a result that is the same for all clients. */
  constructor(graphql: Execution, request: Request, events: Events) {
    this.#graphql = graphql;
    this.#request = request;
    this.#events = events;
  }

  leave(): void {
    if (--this.members === 0) this.#events.onEmpty();
  }

  /** The message for `event`, without its head. Executed and serialized once however many ask, at once or later. */
  tailOf(event: object): Buffer | Promise<Buffer> {
    const known = this.#tails.get(event);
    if (known) return known;
    this.#events.onExecution();
    const result = this.#execute(event);
    const tail = 'then' in result ? this.#settle(event, result) : this.#serialize(result);
    this.#tails.set(event, tail);
    return tail;
  }

  #execute(event: object): ExecutionResult | PromiseLike<ExecutionResult> {
    const { operation, variables, caller } = this.#request;
    return this.#graphql.executeEvent({ operation: operation.checked, variables, caller, event });
  }

  async #settle(event: object, result: PromiseLike<ExecutionResult>): Promise<Buffer> {
    const tail = this.#serialize(await result);
    this.#tails.set(event, tail);
    return tail;
  }

  #serialize({ data, errors }: ExecutionResult): Buffer {
    return nextTail({ data, ...(errors && { errors: errors.map(this.#graphql.report) }) });
  }
}

/**
 * Puts subscriptions that get the same results into one group: same document, same variables, same scope. Each member
 * reads the source at its own pace and from its own position, which is cheap; the source gives the same event object to
 * everybody, and that is what an execution and its bytes are kept by.
 */
export class Groups {
  readonly #graphql: Execution;
  readonly #publicFields: ReadonlySet<string>;
  readonly #shared = new Map<string, Group>();
  readonly #onExecution = () => {
    this.executions++;
  };
  executions = 0;

  /** `publicFields`: root fields whose results depend on the operation alone, not on the viewer. */
  constructor(graphql: Execution, publicFields: ReadonlySet<string>) {
    this.#graphql = graphql;
    this.#publicFields = publicFields;
  }

  get size(): number {
    return this.#shared.size;
  }

  /** The group of a subscription, which is one member more until it leaves. */
  join(request: Request): Group {
    const group = this.#isPublic(request.operation) ? this.#sharedGroup(request) : this.#open(request, () => undefined);
    group.members++;
    return group;
  }

  #sharedGroup({ operation, variables }: Request): Group {
    const key = keyOf(operation, variables);
    const group =
      this.#shared.get(key) ?? this.#open({ operation, variables, caller: {} }, () => this.#shared.delete(key));
    this.#shared.set(key, group);
    return group;
  }

  #open(request: Request, onEmpty: () => void): Group {
    return new Group(this.#graphql, request, { onExecution: this.#onExecution, onEmpty });
  }

  #isPublic(operation: Operation): boolean {
    return operation.field !== undefined && this.#publicFields.has(operation.field);
  }
}

/** A variable that is left out is not one that is null: it may have a default. */
const keyOf = ({ key, keyVariables }: Operation, variables: Variables): string => {
  const given = keyVariables.filter((name) => Object.hasOwn(variables, name));
  return JSON.stringify([key, given.map((name) => [name, variables[name]])]);
};
