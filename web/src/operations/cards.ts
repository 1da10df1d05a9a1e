import { graphql } from '../api/graphql.ts';

export const MONEY = graphql(`
  fragment MoneyParts on Money { amountMinor currency decimals }
`);

export const CARD = graphql(
  `
  fragment EventCard on Event {
    id title startsAt category imageUrl saleStatus salesPaused onSaleAt performers
    priceFrom { ...MoneyParts }
    venue { id name city countryCode timeZone }
    waitingRoom { id state }
  }
`,
  [MONEY],
);
