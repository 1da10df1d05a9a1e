import type { Caller } from './caller.ts';
import type { Limits } from './context.ts';
import { asGraphqlError } from './errors.ts';
import type { OperationPlugin } from './plugin.ts';

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
  { viewer, address }: Pick<Caller, 'viewer' | 'address'>,
  points = 1,
): Promise<void> => limits.spend('request', { userId: viewer?.userId, address }, points);
