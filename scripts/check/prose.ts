/** Comments, strings and regular expressions as a whole; of templates only the first character, because they hold code. */
const pieces = new RegExp(
  [
    /\/\/[^\n]*/,
    /\/\*[\s\S]*?\*\//,
    /'(?:\\.|[^'\\\n])*'/,
    /"(?:\\.|[^"\\\n])*"/,
    /\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/[a-z]*/,
    /[`{}]/,
  ]
    .map(({ source }) => source)
    .join('|'),
  'y',
);

/** Where a slash divides, because a value ends here; anywhere else it begins a regular expression. */
const valueEnds = /[\w$)\]}]$/;
const wordBeforeRegExp = /\b(?:return|case|typeof|of|in)$/;

const blank = (text: string): string => text.replace(/\S/g, '\0');

/**
 * The text of the same length in which code is blanked and prose is left, so that an index still finds its line. Prose
 * is, in TypeScript and JavaScript, the comments and the text of strings; in any other file it is everything.
 */
export function proseOf(file: string, text: string): string {
  if (!/\.(ts|mjs|js)$/.test(file)) return text;
  let prose = '';
  let at = 0;
  // For each open brace whether it is one of `${`.
  const braces: boolean[] = [];
  const readTemplate = () => {
    const rest = /(?:\\[\s\S]|\$(?!\{)|[^`\\$])*(`|\$\{)/y;
    rest.lastIndex = at;
    const [part = '', end] = rest.exec(text) ?? [text.slice(at)];
    prose += part;
    at += part.length;
    if (end === '${') braces.push(true);
  };
  while (at < text.length) {
    pieces.lastIndex = at;
    const piece = pieces.exec(text)?.[0];
    if (piece === undefined || isDivision(piece, text.slice(Math.max(0, at - 20), at))) {
      prose += blank(text[at] ?? '');
      at += 1;
      continue;
    }
    prose += piece.length > 1 ? piece : '\0';
    at += piece.length;
    if (piece === '`' || (piece === '}' && braces.pop())) readTemplate();
    else if (piece === '{') braces.push(false);
  }
  return prose;
}

function isDivision(piece: string, before: string): boolean {
  if (!piece.startsWith('/') || piece.startsWith('//') || piece.startsWith('/*')) return false;
  const code = before.trimEnd();
  return valueEnds.test(code) && !wordBeforeRegExp.test(code);
}
