import type { Layout } from './layout.ts';

export type Money = { readonly amountMinor: number; readonly currency: string; readonly decimals: number };
export type PriceTier = { readonly id: string; readonly name: string; readonly price: Money };

/**
 * Returns the layout with the tiers of the plan when the event prices its seats by them. An organizer may set levels of
 * another kind, and the API has no list of the level of each seat; then all seats have one tier without a name, so that
 * no color shows a wrong price, and `isExact` is false.
 */
export function withTiersOf(layout: Layout, tiers: readonly PriceTier[]): { layout: Layout; isExact: boolean } {
  if (layout.tiers.every((name) => tiers.some((tier) => tier.name === name))) return { layout, isExact: true };
  const sections = layout.sections.map((section) => ({ ...section, tier: '' }));
  const tierOf = new Uint8Array(layout.seatCount);
  return { layout: { ...layout, sections, tiers: [''], tierOf }, isExact: false };
}
