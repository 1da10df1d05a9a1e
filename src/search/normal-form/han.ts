import japanese from 'opencc-js/dict/JPShinjitaiCharacters';
import simplified from 'opencc-js/dict/TSCharacters';
import taiwanese from 'opencc-js/dict/TWVariantsRev';

/** Variants in surnames, as in civil registers. */
const SURNAMES = '髙 高|﨑 崎|嵜 崎|邉 辺|濵 浜|栁 柳|槗 橋';

/** "乘 乗|亂 乱 ...": a character, and its form in the other writing system; the first of several. */
function pairsOf(dictionary: string): Map<string, string> {
  const pairs = dictionary.split('|').map((pair) => pair.split(' '));
  return new Map(pairs.flatMap(([from = '', to = '']) => ([...from].length === 1 ? [[from, to]] : [])));
}

/**
 * One character for 演唱會 in Taipei and 演唱会 in Beijing, for 廣澤 there and 広沢 in Tokyo. Each is replaced until it maps to
 * itself, so that folding twice is the same as folding once.
 */
function onesOf(): ReadonlyMap<string, string> {
  const steps = [pairsOf(SURNAMES), pairsOf(taiwanese), pairsOf(japanese), pairsOf(simplified)];
  const next = (character: string) => steps.reduce((now, step) => step.get(now) ?? now, character);
  const ones = new Map<string, string>();
  for (const character of new Set(steps.flatMap((step) => [...step.keys()]))) {
    const seen = new Set<string>();
    let one = character;
    while (!seen.has(one)) {
      seen.add(one);
      one = next(one);
    }
    if (one !== character) ones.set(character, one);
  }
  return ones;
}

const ones = onesOf();
const HAN = /\p{sc=Han}/gu;

export const foldHan = (text: string): string => text.replace(HAN, (character) => ones.get(character) ?? character);
