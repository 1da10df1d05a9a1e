import { useSyncExternalStore } from 'react';
import { en, type Texts } from './en.ts';

/** The languages of the client, by their own names. */
export const LANGUAGES = { en: 'English', es: 'Español', de: 'Deutsch', fr: 'Français', ar: 'العربية' } as const;
export type Language = keyof typeof LANGUAGES;

const KEY = 'frontrow.language';
const listeners = new Set<() => void>();
let current: { readonly language: Language; readonly texts: Texts } = { language: 'en', texts: en };

const isLanguage = (text: string | undefined): text is Language => text !== undefined && text in LANGUAGES;

/** English is in the page; each other language is read when it is wanted. */
const readers: Record<Exclude<Language, 'en'>, () => Promise<Texts>> = {
  es: async () => (await import('./es.ts')).es,
  de: async () => (await import('./de.ts')).de,
  fr: async () => (await import('./fr.ts')).fr,
  ar: async () => (await import('./ar.ts')).ar,
};

/** The language that the fan chose, else the first language of the browser that the client has. */
export function wantedLanguage(): Language {
  const wanted = [localStorage.getItem(KEY) ?? '', ...navigator.languages].map((tag) => tag.slice(0, 2).toLowerCase());
  return wanted.find(isLanguage) ?? 'en';
}

/** Shows the client in a language, from right to left for Arabic. */
export async function showLanguage(language: Language): Promise<void> {
  current = { language, texts: language === 'en' ? en : await readers[language]() };
  document.documentElement.lang = language;
  document.documentElement.dir = language === 'ar' ? 'rtl' : 'ltr';
  for (const listener of listeners) listener();
}

export async function chooseLanguage(language: Language): Promise<void> {
  localStorage.setItem(KEY, language);
  await showLanguage(language);
}

const watch = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export const useTexts = (): Texts => useSyncExternalStore(watch, () => current.texts);
export const useLanguage = (): Language => useSyncExternalStore(watch, () => current.language);

/**
 * The form of a text for a count, with the count in it: `one={0} event|other={0} events`. Arabic has six forms. A text
 * without forms is the same for every count.
 */
export function counted(text: string, count: number): string {
  const forms = new Map(
    text.split('|').map((form): [string, string] => [form.split('=', 1)[0] ?? '', form.replace(/^[a-z]+=/, '')]),
  );
  const wanted = forms.get(new Intl.PluralRules(current.language).select(count)) ?? forms.get('other') ?? text;
  return fill(wanted, new Intl.NumberFormat(current.language).format(count));
}

/** Puts values in the places `{0}`, `{1}` of a text. */
export const fill = (text: string, ...values: (string | number)[]): string =>
  text.replace(/\{(\d)\}/g, (_, index: string) => String(values[Number(index)] ?? ''));
