import {
  createSourceEventStream,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLFormattedError,
  type GraphQLSchema,
} from 'graphql';
import type { Viewer } from '#domain/viewer.ts';
import type { PushedEvent } from '../execution.ts';
import { nextTail } from './messages.ts';
import type { Operation } from './operations.ts';

/** Whom a socket belongs to. */
export type Caller = {
  readonly viewer?: Viewer | undefined;
  readonly admission?: string | undefined;
  /** The ticket of a place in a waiting room. */
  readonly place?: string | undefined;
};

export type GroupRules = {
  schema: GraphQLSchema;
  /** Called for each start and each execution. Without a caller: for a result that is the same for everybody. */
  createContext: (caller: Caller | undefined) => object;
  /** Root fields whose results depend on the operation alone and never on who asks; whether they start may. */
  publicFields: ReadonlySet<string>;
  /** What clients may see of an error. */
  formatError: (error: GraphQLError) => GraphQLFormattedError;
  /** Default: what GraphQL itself does. */
  executeEvent?: (pushed: PushedEvent) => ExecutionResult | PromiseLike<ExecutionResult>;
};

export type Variables = Readonly<Record<string, unknown>>;
export type Source = AsyncIterator<object>;

/** Subscriptions that get the same bytes for the same source event. */
export class Group {
  readonly #rules: GroupRules;
  readonly #operation: Operation;
  readonly #variables: Variables;
  readonly #caller: Caller | undefined;
  readonly #tails = new WeakMap<object, Buffer | Promise<Buffer>>();
  readonly #onExecution: () => void;
  members = 0;

  constructor(
    rules: GroupRules,
    request: { operation: Operation; variables: Variables; caller: Caller | undefined },
    onExecution: () => void,
  ) {
    this.#rules = rules;
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
    const { schema, createContext, executeEvent } = this.#rules;
    const { checked, document, name } = this.#operation;
    const context = createContext(this.#caller);
    if (executeEvent) return executeEvent({ operation: checked, variables: this.#variables, context, event });
    return execute({
      schema,
      document,
      operationName: name,
      variableValues: this.#variables,
      rootValue: event,
      contextValue: context,
    });
  }

  async #settle(event: object, result: PromiseLike<ExecutionResult>): Promise<Buffer> {
    const tail = this.#serialize(await result);
    this.#tails.set(event, tail);
    return tail;
  }

  #serialize({ data, errors }: ExecutionResult): Buffer {
    return nextTail({ data, ...(errors && { errors: errors.map(this.#rules.formatError) }) });
  }
}

/**
 * Puts subscriptions that get the same results into one group: same document, same variables, same scope. Each member
 * reads the source at its own pace and from its own position, which is cheap; the source gives the same event object to
 * everybody, and that is what an execution and its bytes are kept by.
 */
export class Groups {
  readonly #rules: GroupRules;
  readonly #shared = new Map<string, Group>();
  executions = 0;

  constructor(rules: GroupRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#shared.size;
  }

  /** Starts a source for one member. Errors are those of the subscription: arguments, access, an unknown event. */
  async open(
    operation: Operation,
    variables: Variables,
    caller: Caller,
  ): Promise<{ source: Source } | { errors: readonly GraphQLFormattedError[] }> {
    const source = await createSourceEventStream({
      schema: this.#rules.schema,
      document: operation.document,
      operationName: operation.name,
      variableValues: variables,
      contextValue: this.#rules.createContext(caller),
    });
    if (Symbol.asyncIterator in source) return { source: source[Symbol.asyncIterator]() as Source };
    return { errors: (source.errors ?? []).map(this.#rules.formatError) };
  }

  join(operation: Operation, variables: Variables, caller: Caller): Group {
    const onExecution = () => {
      this.executions++;
    };
    if (!this.#isPublic(operation)) return new Group(this.#rules, { operation, variables, caller }, onExecution);
    const key = keyOf(operation, variables);
    const group =
      this.#shared.get(key) ?? new Group(this.#rules, { operation, variables, caller: undefined }, onExecution);
    this.#shared.set(key, group);
    group.members++;
    return group;
  }

  leave(group: Group, operation: Operation, variables: Variables): void {
    if (this.#isPublic(operation) && --group.members === 0) this.#shared.delete(keyOf(operation, variables));
  }

  #isPublic(operation: Operation): boolean {
    return operation.field !== undefined && this.#rules.publicFields.has(operation.field);
  }
}

/** A variable that is left out is not one that is null: it may have a default. */
const keyOf = ({ key, keyVariables }: Operation, variables: Variables): string => {
  const given = keyVariables.filter((name) => Object.hasOwn(variables, name));
  return JSON.stringify([key, given.map((name) => [name, variables[name]])]);
};
