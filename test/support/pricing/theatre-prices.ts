import type { PriceListInput } from '#domain/catalog/price-lists/price-list-input.ts';

/** The prices of a small theatre for a plan with two sections: two levels, three ticket types, three fees and two taxes. */
export const theatrePrices = ([stalls = '', gallery = '']: readonly string[]): PriceListInput => ({
  priceLevels: [
    {
      key: 'stalls',
      name: 'Stalls',
      color: '#2f6fde',
      seats: { sectionIds: [stalls, gallery] },
      prices: [
        { ticketType: 'full', amountMinor: 8_950 },
        { ticketType: 'child', amountMinor: 3_330 },
        { ticketType: 'member', amountMinor: 7_000 },
        { ticketType: 'door', amountMinor: 9_500 },
      ],
    },
    {
      key: 'gallery',
      name: 'Gallery',
      seats: { sectionIds: [gallery] },
      prices: [
        { ticketType: 'full', amountMinor: 2_000 },
        { ticketType: 'child', amountMinor: 1_000 },
      ],
    },
  ],
  ticketTypes: [
    { key: 'full', name: 'Full price' },
    { key: 'child', name: 'Child', maxPerBooking: 2 },
    { key: 'member', name: 'Member', needsCode: true },
    { key: 'door', name: 'At the door', boxOfficeOnly: true },
  ],
  fees: [
    { name: 'Service', percent: '7.5', refundable: false },
    { name: 'Restoration', perTicketMinor: 150, refundable: true },
    { name: 'Handling', perBookingMinor: 490, refundable: false },
  ],
  taxes: [
    { name: 'VAT', percent: '2.6', inclusive: true, appliesTo: 'FACE' },
    { name: 'City', percent: '5', inclusive: false, appliesTo: 'ALL' },
  ],
});
