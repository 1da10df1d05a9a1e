/** Colours that can be told apart on light and on dark, for the levels of a new price list. */
export const LEVEL_COLOURS = ['#2f6fde', '#c2571a', '#15866b', '#a13fb5', '#b78a00', '#d13a5c', '#4f7a1f', '#5b5bd6'];

/** The color of a level, also beyond the last one. */
export const colourAt = (index: number): string => LEVEL_COLOURS[index % LEVEL_COLOURS.length] ?? '#2f6fde';
