import { builder } from './builder.ts';

export const Money = builder.objectRef<{ amountMinor: number; currency: string }>('Money').implement({
  description: 'An amount in the minor unit of its currency: 1250 USD is $12.50.',
  fields: (t) => ({
    amountMinor: t.exposeInt('amountMinor', { description: 'The amount in minor units, for example cents.' }),
    currency: t.exposeString('currency', { description: 'The currency code, ISO 4217, for example `USD`.' }),
  }),
});
