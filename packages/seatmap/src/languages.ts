import { en, type Texts } from './texts.ts';

/** English is always there; each other language is read when a page wants it. */
const readers: Readonly<Record<string, () => Promise<Texts>>> = {
  es: async () => (await import('./texts/es.ts')).es,
  de: async () => (await import('./texts/de.ts')).de,
  fr: async () => (await import('./texts/fr.ts')).fr,
  ar: async () => (await import('./texts/ar.ts')).ar,
};

/** Returns the texts of a language such as `de-AT`; English for a language that the element does not have. */
export const readTexts = async (language: string): Promise<Texts> =>
  (await readers[language.slice(0, 2).toLowerCase()]?.()) ?? en;
