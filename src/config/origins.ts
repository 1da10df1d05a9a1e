import { list } from './values.ts';

/** Origins must be exactly as browsers send them, because they are compared as texts. */
export const origins = list.superRefine((all, { addIssue }) => {
  for (const origin of all) {
    const message = problemOf(origin);
    if (message !== undefined) addIssue({ code: 'custom', message });
  }
});

function problemOf(text: string): string | undefined {
  if (text.includes('*')) return `${text}: no wildcard, name each origin: https://tickets.example`;
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol) || !/^https?:\/\//i.test(text))
    return `${text}: not an origin, which is a scheme, a host and perhaps a port: https://tickets.example`;
  if (url.origin === text) return undefined;
  const isLonger = url.pathname !== '/' || text.endsWith('/') || url.search !== '' || url.hash !== '';
  const reason = isLonger ? 'no path and no trailing slash' : 'not as browsers send it';
  return `${text}: ${reason}. Set ${url.origin}`;
}
