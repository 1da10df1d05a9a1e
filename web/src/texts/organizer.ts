import { use, useMemo } from 'react';
import type { Texts } from './en.ts';
import type { OrganizerTexts } from './organizer/en.ts';
import { type Language, useLanguage, useTexts } from './texts.ts';

/** The texts of organizers' pages are read with the first of these pages. */
const readers: Record<Language, () => Promise<OrganizerTexts>> = {
  en: async () => (await import('./organizer/en.ts')).en,
  es: async () => (await import('./organizer/es.ts')).es,
  de: async () => (await import('./organizer/de.ts')).de,
  fr: async () => (await import('./organizer/fr.ts')).fr,
  ar: async () => (await import('./organizer/ar.ts')).ar,
};

const reads = new Map<Language, Promise<OrganizerTexts>>();

function read(language: Language): Promise<OrganizerTexts> {
  const known = reads.get(language) ?? readers[language]();
  reads.set(language, known);
  return known;
}

/** Every text that an organizer's page needs. Waits for them as for the page itself. */
export function useOrganizerTexts(): Texts & OrganizerTexts {
  const texts = useTexts();
  const more = use(read(useLanguage()));
  return useMemo(() => ({ ...texts, ...more }), [texts, more]);
}
