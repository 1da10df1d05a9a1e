import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { typedAndWritten } from '#test/support/search/typed-and-written.ts';
import { documentWords } from './document-words.ts';
import { fold, prepared } from './fold.ts';
import { placeKeys } from './place-keys.ts';
import { searchWords } from './query-words.ts';

/** Matches like PostgreSQL: every word begins a word of the event. */
function finds(typed: string, written: string): boolean {
  const asked = searchWords(typed);
  const words = documentWords(written, { neighbours: true }).split(' ');
  const has = (all: readonly string[]) => all.every((word) => words.some((known) => known.startsWith(word)));
  return asked !== undefined && (has(asked.words) || (asked.orElse !== undefined && has(asked.orElse)));
}

describe('typed words find the written text', () => {
  it.each(typedAndWritten)('%s: %s', (_script, written, typed) => {
    for (const text of typed) expect([text, finds(text, written)]).toEqual([text, true]);
  });

  it.each([
    ['भाषा', 'भषा'],
    ['ビル', 'ビール'],
    ['рок', 'сок'],
    ['京都', '東京'],
    ['İzmir', 'Özmir'],
  ])('%s does not find %s', (typed, written) => {
    expect(finds(typed, written)).toBe(false);
  });
});

it.each(['!!!', '???', '...', '—', ' * ', '"\'`', '¡¿', '。、', '⚡🎸', '&', '+', '\u200b', '\u0301', '\uFE71'])(
  '%j has no word',
  (text) => {
    expect(searchWords(text)).toBeUndefined();
  },
);

it('keeps a conjunction, an article or a particle when there is no other word', () => {
  for (const text of ['and', 'и', 'の', 'ال', 'l', "l'"]) expect(searchWords(text)?.words).toHaveLength(1);
});

describe('places', () => {
  it.each([
    ['Москва', 'москва', 'МОСКВА'],
    ['München', 'Munchen', 'MUENCHEN', 'mu\u0308nchen'],
    ['Aix-en-Provence', 'aix en provence', 'AIX EN PROVENCE'],
    ['São Paulo', 'sao paulo', 'SaoPaulo'],
    ['Guadalajara (Zapopan)', 'guadalajara zapopan'],
    ['القاهرة', 'القاهره', 'قاهرة'],
    ['東京都', '東京都 '],
    ['おおさか', 'オオサカ'],
    ['Tromsø', 'tromso', 'Tromsoe'],
    ['İstanbul', 'istanbul', 'ISTANBUL', 'ıstanbul'],
    ['L’Aquila', "l'aquila", 'LAQUILA'],
    ['🎪', '🎪'],
  ])('%s is the same place in each spelling', (name, ...others) => {
    for (const other of others)
      expect([other, placeKeys(other).some((key) => placeKeys(name).includes(key))]).toEqual([other, true]);
  });

  it('distinguishes places', () => {
    const names = ['Roma', 'Romans', 'Köln', 'Kolding', '東京', '京都', 'Киев', 'Київ', '🎪', '🎡', 'York', 'New York'];
    const keys = names.flatMap((name) => [...new Set(placeKeys(name))]);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('the normal form', () => {
  /** Letters with ordinary case and marks: no compatibility forms. */
  const letters = fc.constantFrom(
    ...'aäàâåæßéøłđšžőœñçıİiIþðĀềộửđ',
    ...'абвгдеёжзийїєґљњћџќўЯЩ',
    ...'αάβγδεέζηήθιίϊΐκλμνξοόπρσςτυύϋΰφχψωώΆΩ',
    ...'աբգդեևզէըթժ',
    ...'აბგდევზ',
    ...'אבגדךםןףץ',
    ...'ابتثجأإآؤئىة',
    ...'कखगघािीुूं',
    ...'กขคงจาิีุเแโ',
    ...'東京大阪日本',
    ...'あいうがぱアイウガパヴー',
    ...'가각한글',
    ...'0123456789',
  );
  const written = fc.array(letters, { maxLength: 12 }).map((all) => all.join(''));
  const words = (text: string) => documentWords(text, { neighbours: true });

  it('does not change a text in normal form', () => {
    fc.assert(fc.property(written, (text) => fold(fold(prepared(text))) === fold(prepared(text))));
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => fold(fold(prepared(text))) === fold(prepared(text))),
    );
  });

  it('does not depend on how letters are composed', () => {
    fc.assert(
      fc.property(written, (text) => {
        expect(words(text.normalize('NFD'))).toBe(words(text.normalize('NFC')));
      }),
    );
  });

  it('does not depend on case', () => {
    fc.assert(
      fc.property(written, (text) => {
        expect(fold(prepared(text.toUpperCase()))).toBe(fold(prepared(text)));
      }),
    );
    fc.assert(
      fc.property(written, (text) => {
        expect(fold(prepared(text.toLowerCase()))).toBe(fold(prepared(text)));
      }),
    );
  });

  it('returns words of letters, digits and marks, for any text', () => {
    const typed = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
    fc.assert(
      fc.property(typed, (text) => {
        const asked = searchWords(text);
        const all = [...words(text).split(' '), ...(asked?.words ?? []), ...(asked?.orElse ?? [])].filter(Boolean);
        for (const word of all) expect(word).toMatch(/^[\p{L}\p{M}\p{N}]+$/u);
      }),
      { numRuns: 500 },
    );
  });

  it('finds every text by itself', () => {
    fc.assert(
      fc.property(written, (text) => {
        expect(text === '' || finds(text, text) || !searchWords(text)).toBe(true);
      }),
    );
  });

  it('finds a text without blanks by any part of it', () => {
    const east = fc.string({
      unit: fc.constantFrom(...'東京事変ライブの夜祭り大阪城音楽会'),
      minLength: 2,
      maxLength: 12,
    });
    const part = fc.tuple(east, fc.nat(), fc.nat()).map(([text, from, length]) => {
      const start = from % text.length;
      return [text, text.slice(start, start + 1 + (length % (text.length - start)))] as const;
    });
    fc.assert(
      fc.property(part, ([text, typed]) => {
        expect([typed, text, finds(typed, text)]).toEqual([typed, text, true]);
      }),
    );
  });
});
