/** Colours as the renderers need them: red, green, blue from 0 to 1. */
export type Rgb = readonly [number, number, number];

export type Palette = {
  readonly tiers: readonly string[];
  readonly held: string;
  readonly booked: string;
  readonly selected: string;
  readonly text: string;
  readonly muted: string;
  readonly surface: string;
  readonly line: string;
};

/** A tier beyond the eighth has the colour of an earlier one; its name and price still tell them apart. */
export const TIER_COLOURS = 8;

const NAMES = ['held', 'booked', 'selected', 'text', 'muted', 'surface', 'line'] as const;

/** Reads the colours from the custom properties of the element, which follow light and dark. */
export function readPalette(element: Element): Palette {
  const style = getComputedStyle(element);
  // A page may give any CSS color; a canvas returns it as #rrggbb.
  const context = document.createElement('canvas').getContext('2d');
  const read = (name: string): string => {
    if (!context) return '#888888';
    context.fillStyle = '#888888';
    context.fillStyle = style.getPropertyValue(`--frontrow-${name}`).trim();
    return context.fillStyle;
  };
  const named = Object.fromEntries(NAMES.map((name) => [name, read(name)])) as Record<(typeof NAMES)[number], string>;
  return { ...named, tiers: Array.from({ length: TIER_COLOURS }, (_, index) => read(`tier-${index + 1}`)) };
}

/** Reads `#rrggbb`. */
export function rgbOf(colour: string): Rgb {
  const value = Number.parseInt(colour.slice(1, 7), 16);
  return [(value >> 16) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
