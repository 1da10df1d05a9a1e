import type { LimitedOperation } from '#schema/context.ts';
import { type Caller, callerIdOf } from './call.ts';
import { asGraphqlError } from './errors.ts';
import type { OperationPlugin } from './plugin.ts';

/** Whose budgets an operation takes from: the two are independent. */
export type BudgetKeys = {
  /** The id of the viewer or of the access key. */
  readonly userId: string | undefined;
  /** As the transport counts addresses. */
  readonly address: string;
};

/** `subject`: the e-mail address that the request is about, whether or not it has an account. */
export type About = { readonly subject: string; readonly address: string };

/**
 * Budgets of the e-mail address that a request names: all callers who guess its password share one budget. An address
 * without an account is charged in the same way, so that the limits do not reveal which addresses have one.
 */
export type SubjectLimits = {
  /** Throws RateLimited with the time to retry when the budget is empty. */
  spend(what: LimitedOperation, about: About): Promise<void>;
  /** Call it when the operation succeeded: for some operations only failed guesses count. */
  succeeded(what: LimitedOperation, about: About): Promise<void>;
};

/** The budgets of callers, and of the e-mail addresses that requests name. */
export type Limits = {
  /** Takes `points` from the caller's budgets. Throws RateLimited with the time to retry when one is empty. */
  spend(what: LimitedOperation | 'request', keys: BudgetKeys, points?: number): Promise<void>;
  readonly subjects: SubjectLimits;
};

/** A search costs more than a look: one point, and one for each of so many values that it may return. */
const COST_PER_POINT = 500;

/**
 * Charges an operation to the budget of its caller, by its cost. A refused operation costs one point, so that refused
 * work has its limit as well. Mutations have budgets of their own, so that their refusals are in their unions.
 */
export function useBudget(needs: { readonly limits: Limits }): OperationPlugin {
  return {
    onContextBuilding({ context: { call } }) {
      call.isCharged = true;
      const { type, cost = 0 } = call.operation ?? {};
      if (type !== 'mutation') return charge(needs, call.caller, 1 + Math.floor(cost / COST_PER_POINT));
    },
    onExecutionResult({ context: { call }, setResult }) {
      if (call.isCharged || !call.isAdmitted) return;
      return charge(needs, call.caller).catch((error) => setResult({ errors: [asGraphqlError(error)] }));
    },
  };
}

/**
 * Takes points of the caller's budget. To try tokens costs the address what a query costs, because a caller whose token
 * is refused has no viewer. Throws RateLimited.
 */
export const charge = (
  { limits }: { readonly limits: Limits },
  { address, ...caller }: Pick<Caller, 'viewer' | 'accessKey' | 'address'>,
  points = 1,
): Promise<void> => limits.spend('request', { userId: callerIdOf(caller), address }, points);
