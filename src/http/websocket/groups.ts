import type { ExecutionResult } from 'graphql';
import type { Caller } from '../context.ts';
import type { Source } from '../execution.ts';
import type { Gate } from '../gate.ts';
import { nextTail } from './messages.ts';
import type { Operation } from './operations.ts';

type Execution = Pick<Gate, 'contextOf' | 'executeEvent' | 'reportLater'>;

export type Variables = Readonly<Record<string, unknown>>;
export type { Source };

/** Subscriptions that get the same bytes for the same source event. */
export class Group {
  readonly #gate: Execution;
  readonly #operation: Operation;
  readonly #variables: Variables;
  readonly #caller: Partial<Caller>;
  readonly #tails = new WeakMap<object, Buffer | Promise<Buffer>>();
  readonly #onExecution: () => void;
  members = 0;

  /** Without a viewer in `caller` for a result that is the same for all clients. */
  constructor(
    gate: Execution,
    request: { operation: Operation; variables: Variables; caller: Partial<Caller> },
    onExecution: () => void,
  ) {
    this.#gate = gate;
    this.#operation = request.operation;
    this.#variables = request.variables;
    this.#caller = request.caller;
    this.#onExecution = onExecution;
  }

  /** The message for `event`, without its head. Executed and serialized once however many ask, at once or later. */
  tailOf(event: object): Buffer | Promise<Buffer> {
    const known = this.#tails.get(event);
    if (known) return known;
    this.#onExecution();
    const result = this.#execute(event);
    const tail = 'then' in result ? this.#settle(event, result) : this.#serialize(result);
    this.#tails.set(event, tail);
    return tail;
  }

  #execute(event: object): ExecutionResult | PromiseLike<ExecutionResult> {
    const context = this.#gate.contextOf(this.#caller);
    return this.#gate.executeEvent({ operation: this.#operation.checked, variables: this.#variables, context, event });
  }

  async #settle(event: object, result: PromiseLike<ExecutionResult>): Promise<Buffer> {
    const tail = this.#serialize(await result);
    this.#tails.set(event, tail);
    return tail;
  }

  #serialize({ data, errors }: ExecutionResult): Buffer {
    return nextTail({ data, ...(errors && { errors: errors.map(this.#gate.reportLater) }) });
  }
}

/**
 * Puts subscriptions that get the same results into one group: same document, same variables, same scope. Each member
 * reads the source at its own pace and from its own position, which is cheap; the source gives the same event object to
 * everybody, and that is what an execution and its bytes are kept by.
 */
export class Groups {
  readonly #gate: Execution;
  readonly #publicFields: ReadonlySet<string>;
  readonly #shared = new Map<string, Group>();
  executions = 0;

  /** `publicFields`: root fields whose results depend on the operation alone, not on the viewer. */
  constructor(gate: Execution, publicFields: ReadonlySet<string>) {
    this.#gate = gate;
    this.#publicFields = publicFields;
  }

  get size(): number {
    return this.#shared.size;
  }

  join(operation: Operation, variables: Variables, caller: Partial<Caller>): Group {
    const onExecution = () => {
      this.executions++;
    };
    if (!this.#isPublic(operation)) return new Group(this.#gate, { operation, variables, caller }, onExecution);
    const key = keyOf(operation, variables);
    const group = this.#shared.get(key) ?? new Group(this.#gate, { operation, variables, caller: {} }, onExecution);
    this.#shared.set(key, group);
    group.members++;
    return group;
  }

  leave(group: Group, operation: Operation, variables: Variables): void {
    if (this.#isPublic(operation) && --group.members === 0) this.#shared.delete(keyOf(operation, variables));
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
