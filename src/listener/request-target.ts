const ORIGIN = 'http://frontrow';
/** RFC 9112 asks for visible ASCII; a `#` stays in the browser, and a URL parser reads `\` as `/`. */
const ORIGIN_FORM = /^\/(?!\/)[!"$-[\]-~]*$/;

/**
 * The target of a request line as a URL, or undefined for a target that is not ours: `//`, `*`, another host, bytes
 * that no client may send. Use only this function for request lines: `new URL` throws for some of these, and takes
 * the host of others from the client.
 */
export function parseRequestTarget(target: string | undefined): URL | undefined {
  if (target === undefined || !ORIGIN_FORM.test(target)) return undefined;
  const url = URL.parse(target, ORIGIN);
  return url?.origin === ORIGIN ? url : undefined;
}
