const ORIGIN = 'http://frontrow';
/** RFC 9112 asks for visible ASCII; a `#` is the browser's own, and a URL parser reads `\` as `/`. */
const ORIGIN_FORM = /^\/(?!\/)[!"$-[\]-~]*$/;

/**
 * The target of a request line as a URL, or undefined for what is none of ours: `//`, `*`, another host, bytes that no
 * client may send. The only way from a request line to a URL: `new URL` throws for some of these, and takes the host of
 * others from the client.
 */
export function parseRequestTarget(target: string | undefined): URL | undefined {
  if (target === undefined || !ORIGIN_FORM.test(target)) return undefined;
  const url = URL.parse(target, ORIGIN);
  return url?.origin === ORIGIN ? url : undefined;
}
