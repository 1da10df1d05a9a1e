import { foldHan } from './han.ts';

/**
 * Letters without a decomposition, and what is typed for them on a keyboard that lacks them. Both sides pass through
 * here, so a pair only has to agree with itself. The Armenian ligature is written in both ways in capitals.
 */
const LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
  ı: 'i',
  ə: 'e',
  ɨ: 'i',
  ʉ: 'u',
  ƒ: 'f',
  ς: 'σ',
  ґ: 'г',
  եւ: 'եվ',
  // Alef with wasla, alef maksura, teh marbuta; the Persian keyboard's kaf and yeh.
  ٱ: 'ا',
  ى: 'ي',
  ة: 'ه',
  ک: 'ك',
  ی: 'ي',
  ہ: 'ه',
  ھ: 'ه',
  // Final forms.
  ך: 'כ',
  ם: 'מ',
  ן: 'נ',
  ף: 'פ',
  ץ: 'צ',
  // Candrabindu and anusvara, tippi and bindi.
  '\u0901': '\u0902',
  '\u0981': '\u0982',
  '\u0a01': '\u0a02',
  '\u0a70': '\u0a02',
  '\u0a81': '\u0a82',
};
const LETTER = new RegExp(Object.keys(LETTERS).join('|'), 'gu');

/**
 * Marks that a fan may leave out: accents of Latin, Greek and Cyrillic; niqqud and cantillation; tashkil, tatweel and
 * the marks of the Koran; nukta and Vedic accents; Thai and Lao tones. Vowel signs and virama of Indic scripts are
 * letters for a reader and stay, as does the voicing of kana.
 */
const MARKS = new RegExp(
  `[${[
    String.raw`\u0300-\u036f\u0483-\u0487\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f`,
    String.raw`\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7`,
    String.raw`\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u08ca-\u08e1\u08e3-\u08ff`,
    String.raw`\u0711\u0730-\u074a`,
    String.raw`\u093c\u0951-\u0954\u09bc\u0a3c\u0abc\u0b3c\u0cbc`,
    String.raw`\u0e47-\u0e4c\u0e4e\u0ec8-\u0ecc`,
    String.raw`\u135d-\u135f`,
  ].join('')}]`,
  'gu',
);

/** "हिन्दी" and "हिंदी": a nasal before a consonant of its own class. */
const NASALS = /ङ्(?=[क-घ])|ञ्(?=[च-झ])|ण्(?=[ट-ढ])|न्(?=[त-ध])|म्(?=[प-भ])/gu;

const KATAKANA = /[\u30a1-\u30f6\u30fd\u30fe]/gu;
const toHiragana = (kana: string): string => String.fromCharCode(kana.charCodeAt(0) - 0x60);
/** "ヴァイオリン" and "バイオリン"; "関ヶ原" and "関ケ原". */
const KANA: Readonly<Record<string, string>> = {
  ゔぁ: 'ば',
  ゔぃ: 'び',
  ゔぇ: 'べ',
  ゔぉ: 'ぼ',
  ゔ: 'ぶ',
  ゕ: 'か',
  ゖ: 'け',
};
const KANA_FORM = /ゔ[ぁぃぇぉ]?|[ゕゖ]/gu;

const APOSTROPHES = /[’‘‛ʼʻʹʾʿꞌ´`′＇׳՚᾽᾿]/gu;
/** Invisible characters, signs for trade marks, and the signs that Armenian writes above a letter. */
const IGNORED = /[\p{DI}\u055b\u055c\u055e\u055f™®©℠]/gu;
const FOREIGN_DIGIT = /(?![0-9])\p{Nd}/gu;

export const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

/** Unifies compatibility forms, digits and apostrophes; keeps case, accents and separators of words. */
export function prepared(text: string): string {
  if (isAscii(text)) return text.replaceAll('`', "'");
  return text.replace(APOSTROPHES, "'").replace(IGNORED, '').normalize('NFKC').replace(FOREIGN_DIGIT, digitOf);
}

/** Decimal digits come in runs of ten, in order. */
function digitOf(digit: string): string {
  const codePoint = digit.codePointAt(0) ?? 0;
  let value = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(codePoint - value - 1))) value++;
  return String(value % 10);
}

/** One word in its normal form, from {@link prepared} text. `fold(fold(x))` is `fold(x)`. */
export function fold(word: string): string {
  if (isAscii(word)) return word.toLowerCase();
  const folded = word
    .toLowerCase()
    .normalize('NFKD')
    .replace(MARKS, '')
    .replace(LETTER, (letter) => LETTERS[letter] ?? letter)
    .replace(NASALS, '\u0902')
    .normalize('NFC')
    .replace(KATAKANA, toHiragana)
    .replace(KANA_FORM, (kana) => KANA[kana] ?? kana);
  return foldHan(folded);
}

/** How these letters are spelt out when they are missing: "Muenchen", "Tromsoe", "Aarhus", "Djokovic". */
const SPELT_OUT: Readonly<Record<string, string>> = { ä: 'ae', ö: 'oe', ü: 'ue', ø: 'oe', å: 'aa', đ: 'dj' };
const SPELT = /[äöüøåđ]/gu;
/** "القاهرة" and "قاهرة": the article, with the particles that are written together with it. */
const ARTICLE = /^(?:ال(?=..)|(?:[وفبك]ال|لل)(?=...))/u;
/** "בתל" for "in Tel": articles and prepositions of one letter. */
const PREFIXED = /^[הבלומשכ](?=[א-ת]{3})/u;

/** "Muenchen" for "München", in its normal form. */
export function speltOut(word: string): string {
  if (isAscii(word)) return fold(word);
  const lower = word.toLowerCase().normalize('NFC');
  return fold(lower.replace(SPELT, (letter) => SPELT_OUT[letter] ?? letter));
}

/** The normal form first, then the other spellings of the word. Each of them is a normal form. */
export function formsOf(word: string): readonly string[] {
  const plain = fold(word);
  if (isAscii(word)) return [plain];
  return [...new Set([plain, speltOut(word), withoutArticle(plain), plain.replace(PREFIXED, '')])];
}

export const withoutArticle = (folded: string): string => folded.replace(ARTICLE, '');

/**
 * The version of these rules and of the Unicode data that they use: an index that was built with another version is
 * rebuilt. Raise the number with every change of a result.
 */
export const NORMAL_FORM = `2-unicode-${process.versions.unicode}`;
