import { createHash } from 'node:crypto';
import { fold, formsOf, prepared } from './fold.ts';
import { groupsOf, unitsOf } from './groups.ts';

/**
 * The keys by which a place's name is compared, regardless of case, accents, blanks and marks: two names are of one
 * place when they have a key in common ("München", "Muenchen", "MUNCHEN"). Never empty. A key has no character with a
 * special meaning for a database or an engine.
 */
export function placeKeys(name: string): readonly string[] {
  const whole = groupsOf(prepared(name))
    .flatMap(({ parts }) => parts)
    .map((part) =>
      part.grams
        ? [
            unitsOf(part)
              .map(({ text }) => text)
              .join(''),
          ]
        : formsOf(part.text),
    );
  // The first forms of all words, then the second ones where they exist, and so on; not every combination.
  const forms = Math.max(1, ...whole.map(({ length }) => length));
  const names = Array.from({ length: forms }, (_, form) => whole.map((of) => of[form] ?? of[0]).join(''));
  // A name that consists only of signs is compared as it is.
  return [...new Set(names)].map((one) => keyOf(one || fold(prepared(name)).trim()));
}

const keyOf = (name: string): string => createHash('sha256').update(name).digest('hex').slice(0, 24);
