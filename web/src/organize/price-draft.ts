import type { ResultOf } from '../api/graphql.ts';
import { amountText, decimalsOf, minorOf } from '../forms/money.ts';
import type { Problems } from '../forms/problems.ts';
import type { EVENT_SEATS } from '../operations/sales.ts';
import { type Layout, selectionOf } from './layouts.ts';
import { colourAt } from './level-colours.ts';

export type PricedEvent = NonNullable<ResultOf<typeof EVENT_SEATS>['event']>;

/** `prices`: what a person wrote, by the id of the ticket type. Empty: the type is not sold at this level. */
export type LevelDraft = { id: string; key: string; name: string; colour: string; prices: Record<string, string> };
export type TypeDraft = {
  id: string;
  key: string;
  name: string;
  who: 'EVERY_FAN' | 'CODE' | 'BOX_OFFICE';
  most: string;
};
export type FeeDraft = {
  id: string;
  name: string;
  kind: 'TICKET' | 'BOOKING' | 'PERCENT';
  amount: string;
  refundable: boolean;
};
export type TaxDraft = {
  id: string;
  name: string;
  percent: string;
  inclusive: boolean;
  appliesTo: 'FACE' | 'FEES' | 'ALL';
};

/** A price list while it is being written. `painting`: the position of the level of each seat; 255 for none. */
export type PriceDraft = {
  readonly levels: readonly LevelDraft[];
  readonly types: readonly TypeDraft[];
  readonly fees: readonly FeeDraft[];
  readonly taxes: readonly TaxDraft[];
  readonly painting: Uint8Array;
};

export const NO_LEVEL = 255;
const newId = (): string => crypto.randomUUID();

export const newLevel = (index: number, name: string): LevelDraft => ({
  ...{ id: newId(), key: '', name, prices: {} },
  colour: colourAt(index),
});
export const newType = (name: string): TypeDraft => ({ id: newId(), key: '', name, who: 'EVERY_FAN', most: '' });
export const newFee = (): FeeDraft => ({ id: newId(), name: '', kind: 'TICKET', amount: '', refundable: false });
export const newTax = (): TaxDraft => ({ id: newId(), name: '', percent: '', inclusive: true, appliesTo: 'ALL' });

type Names = { readonly level: string; readonly type: string };

/** The list in force, or one to begin with: a level for each category of the plan. */
export function draftOf({ priceList, currency }: PricedEvent, layout: Layout, names: Names): PriceDraft {
  if (!priceList) return firstDraft(layout, names);
  const decimals = decimalsOf(currency);
  const types = priceList.ticketTypes.map((type): TypeDraft => {
    const restricted = type.needsCode ? 'CODE' : 'EVERY_FAN';
    const who = type.boxOfficeOnly ? 'BOX_OFFICE' : restricted;
    return { id: newId(), key: type.key, name: type.name, who, most: type.maxPerBooking?.toString() ?? '' };
  });
  const idOf = (key: string) => types.find((type) => type.key === key)?.id ?? '';
  const levels = priceList.priceLevels.map(({ key, name, color, prices }, index) => ({
    ...{ id: newId(), key, name, colour: color ?? colourAt(index) },
    prices: Object.fromEntries(
      prices.map(({ ticketType, face }) => [idOf(ticketType), amountText(face.amountMinor, decimals)]),
    ),
  }));
  const fees = priceList.fees.map((fee) => ({
    id: newId(),
    name: fee.name,
    refundable: fee.refundable,
    ...amountOf(fee, decimals),
  }));
  const taxes = priceList.taxes.map((tax) => ({ id: newId(), ...tax }));
  const painting = Uint8Array.from(atob(priceList.seatLevels), (char) => char.charCodeAt(0));
  return { levels, types, fees, taxes, painting };
}

type StoredFee = NonNullable<PricedEvent['priceList']>['fees'][number];

function amountOf({ percent, perTicket, perBooking }: StoredFee, decimals: number): Pick<FeeDraft, 'kind' | 'amount'> {
  if (percent !== null) return { kind: 'PERCENT', amount: percent };
  const amount = amountText(perTicket?.amountMinor ?? perBooking?.amountMinor ?? 0, decimals);
  return { kind: perBooking ? 'BOOKING' : 'TICKET', amount };
}

function firstDraft(layout: Layout, names: Names): PriceDraft {
  const levels = layout.tiers.map((tier, index) => newLevel(index, tier || names.level));
  return { levels, types: [newType(names.type)], fees: [], taxes: [], painting: Uint8Array.from(layout.tierOf) };
}

/** Takes a level away; its seats have none then. */
export function withoutLevel(draft: PriceDraft, id: string): PriceDraft {
  const at = draft.levels.findIndex((level) => level.id === id);
  const painting = draft.painting.map((level) => {
    if (level === at) return NO_LEVEL;
    return level !== NO_LEVEL && level > at ? level - 1 : level;
  });
  return { ...draft, levels: draft.levels.filter((level) => level.id !== id), painting };
}

/** A name for programs, made of the name for people, and different from those that are taken. */
function keyFor(name: string, taken: Set<string>): string {
  const plain = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  const base = plain || 'key';
  let key = base;
  for (let count = 2; taken.has(key); count++) key = `${base}-${count}`;
  taken.add(key);
  return key;
}

const keysOf = (items: readonly { key: string; name: string }[]): string[] => {
  const taken = new Set(items.map(({ key }) => key).filter((key) => key !== ''));
  return items.map(({ key, name }) => key || keyFor(name, taken));
};

/** The name of a field of the form for a path of the input. */
export const priceField = (level: number, typeId: string): string => `price ${level} ${typeId}`;

type Built = { readonly input: PricesInput; readonly problems: Problems; readonly fieldOf: (path: string) => string };
type PricesInput = {
  ticketTypes: {
    key: string;
    name: string;
    needsCode: boolean;
    boxOfficeOnly: boolean;
    maxPerBooking: number | null;
  }[];
  priceLevels: {
    key: string;
    name: string;
    color: string;
    seats: ReturnType<typeof selectionOf>;
    prices: { ticketType: string; amountMinor: number }[];
  }[];
  fees: { name: string; refundable: boolean; perTicketMinor?: number; perBookingMinor?: number; percent?: string }[];
  taxes: { name: string; percent: string; inclusive: boolean; appliesTo: TaxDraft['appliesTo'] }[];
};
type Given = { readonly layout: Layout; readonly currency: string; readonly notAnAmount: string };

/** The input of `setPrices`, and what a person must write differently first. */
export function buildPrices(draft: PriceDraft, { layout, currency, notAnAmount }: Given): Built {
  const decimals = decimalsOf(currency);
  const problems: Record<string, string> = {};
  const paths = new Map<string, string>();
  const amount = (field: string, text: string): number => {
    const minor = minorOf(text, decimals);
    if (minor === undefined) problems[field] = notAnAmount;
    return minor ?? 0;
  };
  const typeKeys = keysOf(draft.types);
  const levelKeys = keysOf(draft.levels);
  const pricesOf = (level: LevelDraft, at: number) =>
    draft.types
      .map((type, index) => ({ type, ticketType: typeKeys[index] ?? '', text: level.prices[type.id]?.trim() ?? '' }))
      .filter(({ text }) => text !== '')
      .map(({ type, ticketType, text }, index) => {
        const field = priceField(at, type.id);
        paths.set(`priceLevels[${at}].prices[${index}].amountMinor`, field);
        return { ticketType, amountMinor: amount(field, text) };
      });
  const priceLevels = draft.levels.map((level, at) => ({
    ...{ key: levelKeys[at] ?? '', name: level.name.trim(), color: level.colour },
    seats: selectionOf(layout, (seatNo) => draft.painting[seatNo] === at),
    prices: pricesOf(level, at),
  }));
  const ticketTypes = draft.types.map(({ name, who, most }, index) => ({
    ...{
      key: typeKeys[index] ?? '',
      name: name.trim(),
      needsCode: who === 'CODE',
      boxOfficeOnly: who === 'BOX_OFFICE',
    },
    maxPerBooking: most.trim() === '' ? null : Number(most),
  }));
  const fees = draft.fees.map((fee, at) => ({
    ...{ name: fee.name.trim(), refundable: fee.refundable },
    ...chargeOf(fee, () => amount(`fees[${at}].amount`, fee.amount)),
  }));
  const taxes = draft.taxes.map(({ id: _, ...tax }) => ({
    ...tax,
    name: tax.name.trim(),
    percent: decimal(tax.percent),
  }));
  const fieldOf = (path: string) =>
    paths.get(path) ?? path.replace(/\.(perTicketMinor|perBookingMinor|percent)$/, '.amount');
  return { input: { ticketTypes, priceLevels, fees, taxes }, problems, fieldOf };
}

function chargeOf({ kind, amount }: FeeDraft, minor: () => number) {
  if (kind === 'PERCENT') return { percent: decimal(amount) };
  return kind === 'TICKET' ? { perTicketMinor: minor() } : { perBookingMinor: minor() };
}

/** A comma is a point to some people. */
const decimal = (text: string): string => text.trim().replace(',', '.');
