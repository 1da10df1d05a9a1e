import type { Mutant } from './mutant.ts';
import { allocationMutants } from './of-allocations.ts';
import { bookingMutants } from './of-bookings.ts';
import { choiceMutants } from './of-choices.ts';
import { deliveryMutants } from './of-delivery.ts';
import { moneyMutants } from './of-money.ts';
import { paymentMutants } from './of-payments.ts';
import { refundMutants } from './of-refunds.ts';
import { salesMutants } from './of-sales.ts';

export const mutants: readonly Mutant[] = [
  ...bookingMutants,
  ...allocationMutants,
  ...choiceMutants,
  ...paymentMutants,
  ...refundMutants,
  ...moneyMutants,
  ...salesMutants,
  ...deliveryMutants,
];
