import { decimalsOf } from '#domain/currency-rules.ts';
import { builder } from './builder.ts';

export const Money = builder.objectRef<{ amountMinor: number; currency: string }>('Money').implement({
  description: 'An amount in the minor unit of its currency: 1250 USD is $12.50, 1250 JPY is ¥1,250.',
  fields: (t) => ({
    amountMinor: t.expose('amountMinor', {
      type: 'MinorUnits',
      description: 'The amount in minor units, for example cents.',
    }),
    currency: t.exposeString('currency', { description: 'The currency code, ISO 4217, for example `USD`.' }),
    decimals: t.int({
      description: 'How many decimals the currency has by ISO 4217: JPY 0, EUR 2, KWD 3. Divide by ten to this power.',
      resolve: ({ currency }) => decimalsOf(currency),
    }),
  }),
});
