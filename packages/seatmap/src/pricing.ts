import type { Layout } from './layout.ts';

export type Money = { readonly amountMinor: number; readonly currency: string; readonly decimals: number };
export type PriceTier = { readonly id: string; readonly name: string; readonly price: Money };

/**
 * Gives the layout the price tiers of the event. Tiers that are named like those of the plan hold for each seat. An
 * organizer may set other levels; then a section has the tier of its lowest price, and `isExact` is false.
 */
export function withTiersOf(
  layout: Layout,
  tiers: readonly PriceTier[],
  priceFrom: (sectionId: string) => Money | undefined,
): { layout: Layout; isExact: boolean } {
  if (layout.tiers.every((name) => tiers.some((tier) => tier.name === name))) return { layout, isExact: true };
  const ofSection = layout.sections.map(({ id }) => {
    const lowest = priceFrom(id)?.amountMinor;
    return Math.max(
      0,
      tiers.findIndex(({ price }) => price.amountMinor === lowest),
    );
  });
  const names = tiers.map(({ name }) => name);
  const sections = layout.sections.map((section, index) => ({ ...section, tier: names[ofSection[index] ?? 0] ?? '' }));
  const tierOf = Uint8Array.from(layout.sectionOf, (section) => ofSection[section] ?? 0);
  return { layout: { ...layout, sections, tiers: names, tierOf }, isExact: false };
}
