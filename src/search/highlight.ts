/** Private-use characters mark the matches until the text is escaped; they cannot be in it, see `withoutMarks`. */
export const MARK_START = '\uE000';
export const MARK_END = '\uE001';

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What is safe to put into a page: everything escaped, `<mark>` around what was between the marks. */
export function markedHtml(snippet: string): string {
  return snippet
    .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? '')
    .replaceAll(MARK_START, '<mark>')
    .replaceAll(MARK_END, '</mark>');
}

/** For text that goes into the index. */
export const withoutMarks = (text: string): string => text.replace(/[\uE000\uE001]/g, '');
