import { fold, isAscii } from './fold.ts';
import { remembered } from './remembered.ts';

/** A run of letters, digits and their marks in one writing system: `grams` have no blanks between words. */
export type Part = { readonly text: string; readonly start: number; readonly end: number; readonly grams: boolean };
/** Parts that are written together, such as `AC/DC`, `l'opéra`, `P!nk`. */
export type Group = {
  readonly parts: readonly Part[];
  /** The one character between each part and the next. */
  readonly links: readonly string[];
  /** The characters directly before and behind, for `$uicideboy$` and `C++`. */
  readonly before: string;
  readonly after: string;
};

const EAST = String.raw`\p{scx=Hani}\p{scx=Hira}\p{scx=Kana}\p{scx=Hang}`;
const SOUTH_EAST = String.raw`\p{scx=Thai}\p{scx=Laoo}\p{scx=Khmr}\p{scx=Mymr}`;
/** Marks belong to the letter before them, in any script. */
const GRAMS = String.raw`(?:(?=[\p{L}\p{N}])[${EAST}${SOUTH_EAST}]\p{M}*)+`;
const SPELT = String.raw`(?:(?![${EAST}${SOUTH_EAST}])[\p{L}\p{N}]\p{M}*)+`;
const PART = new RegExp(`(?<grams>${GRAMS})|${SPELT}`, 'gu');
/** Without such scripts, which is detected at once, a simpler pattern takes a fraction of the time. */
const PART_OF_ASCII = /[a-z0-9]+/gi;
const PART_BEFORE_THAI = /[\p{L}\p{N}][\p{L}\p{N}\p{M}]*/gu;

function partsOf(text: string): IterableIterator<RegExpExecArray> {
  if (isAscii(text)) return text.matchAll(PART_OF_ASCII);
  return text.matchAll(/[^\0-\u0dff]/.test(text) ? PART : PART_BEFORE_THAI);
}
const ONLY_GRAMS = new RegExp(`^${GRAMS}$`, 'u');
export const isGrams = (word: string): boolean => ONLY_GRAMS.test(word);

const LINK = /^['.\-‐‑−⁓_*~!$@·•⚡★/&+"״,]$/u;
const OF_NUMBERS = /^[,]$/u;
const OF_HEBREW = /^["״]$/u;

/** The groups of characters that are written together in {@link prepared} text, in order. */
export function groupsOf(text: string): Group[] {
  const groups: Group[] = [];
  let parts: Part[] = [];
  let links: string[] = [];
  const finish = () => {
    const [first, last] = [parts[0], parts.at(-1)];
    if (first && last) {
      groups.push({ parts, links, before: text.charAt(first.start - 1), after: text.slice(last.end, last.end + 2) });
    }
    parts = [];
    links = [];
  };
  for (const match of partsOf(text)) {
    const part = partOf(match);
    const last = parts.at(-1);
    const link = last && text.slice(last.end, part.start);
    if (last && link !== undefined && areLinked(last, part, link)) links.push(link);
    else finish();
    parts.push(part);
  }
  finish();
  return groups;
}

const partOf = (match: RegExpExecArray): Part => ({
  text: match[0],
  start: match.index,
  end: match.index + match[0].length,
  grams: match.groups?.grams !== undefined,
});

function areLinked(last: Part, next: Part, link: string): boolean {
  // A change of the writing system separates two words: "BTS콘서트".
  if (last.grams || next.grams) return false;
  if (link.length !== 1 || !LINK.test(link)) return false;
  if (OF_NUMBERS.test(link)) return /\d$/.test(last.text) && /^\d/.test(next.text);
  if (OF_HEBREW.test(link)) return /\p{sc=Hebr}\p{M}*$/u.test(last.text) && /^\p{sc=Hebr}/u.test(next.text);
  return true;
}

/** A character and its marks as one: what readers of these scripts consider a letter. */
const UNIT = /[ゔヴ][ぁぃぇぉァィェォ]|.\p{M}*/gsu;

const foldUnit = remembered(fold);

export type Unit = { readonly text: string; readonly start: number; readonly end: number };

/** The letters of a part without blanks, each in its normal form. */
export const unitsOf = ({ text, start }: Pick<Part, 'text' | 'start'>): Unit[] =>
  [...text.matchAll(UNIT)].map((match) => ({
    text: foldUnit(match[0]),
    start: start + match.index,
    end: start + match.index + match[0].length,
  }));

/** `P!nk`, `Ke$ha`, `D@vid`: signs in place of a letter inside a word. */
const STANDS_FOR: Readonly<Record<string, string>> = { '!': 'i', $: 's', '@': 'a' };

/** The whole group as one word: `acdc`, `rem`, `pink`, `suicideboys`. */
export function joined({ parts, links, before, after }: Group): string {
  const inner = parts.map(({ text }, index) => text + (STANDS_FOR[links[index] ?? ''] ?? '')).join('');
  return `${before === '$' ? 's' : ''}${inner}${after.startsWith('$') ? 's' : ''}`;
}

/** `C++`, `C#`, `Disney+`: a sign at the end that makes another word; empty without one. */
export function signOf({ parts, after }: Group): string {
  if (after === '++') return 'plusplus';
  if (after.startsWith('+')) return 'plus';
  return after.startsWith('#') && parts.length === 1 && parts[0]?.text.length === 1 ? 'sharp' : '';
}

/** Whether the group is another word with its signs than without them. */
export const isSpelt = (group: Group): boolean =>
  group.links.some((link) => link in STANDS_FOR) || group.before === '$' || group.after.startsWith('$');
