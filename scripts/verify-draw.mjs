// Recomputes a position in the draw of a waiting room; docs/verifiable-draw.md. Needs Node 20 or later, no packages.
import { createCipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const usage = `usage: node verify-draw.mjs [commitment noted before the draw] < answer-of-drawProof.json
   or: node verify-draw.mjs <secret> <commitment> <entries> <ordinal>
In a clone of Frontrow: npm run --silent verify-draw -- ... in place of node verify-draw.mjs ...`;

const args = process.argv.slice(2);
if (args.includes('--help') || args.includes('-h')) {
  console.log(`Checks a position in the draw of a waiting room: docs/verifiable-draw.md.\n${usage}`);
  process.exit(0);
}
if (args.length !== 0 && args.length !== 1 && args.length !== 4)
  fail(`It takes four values, or a file; these are ${args.length} values.\n${usage}`);
const told = args.length < 2 ? readAnswer() : { secret: args[0], entries: Number(args[2]), ordinal: Number(args[3]) };
const commitment = args[1] ?? args[0] ?? told.commitment;
const { secret, entries, ordinal } = told;

if (secret === null) fail('The draw was not made yet. Until then, note the commitment.');
const isCount = (number) => Number.isSafeInteger(number) && number >= 0;
if (!/^[0-9a-f]{64}$/.test(secret)) fail('This is not the proof of a draw: its secret is not 64 hexadecimal digits.');
if (!isCount(ordinal)) fail('This is not the proof of a draw: its ordinal is not a number from 0.');
if (!isCount(entries)) fail('This is not the proof of a draw: its entries are not a number from 0.');
const key = Buffer.from(secret, 'hex');
if (createHash('sha256').update(key).digest('hex') !== commitment) fail('The secret is not the one of the commitment.');

const isLate = ordinal >= entries;
const position = isLate ? ordinal + 1 : drawnPosition();
if (told.position !== undefined && told.position !== position)
  fail(`You were told position ${told.position}; it is ${position}.`);
console.log(
  isLate
    ? `The secret is the one of the commitment. Ordinal ${ordinal} joined after the draw of ${entries} entries, so it stands behind them in the order of joining. Position: ${position}`
    : `The secret is the one of the commitment. Position of ordinal ${ordinal} among ${entries}: ${position}`,
);

function drawnPosition() {
  const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(6 * (entries - 1)));
  const deck = Uint32Array.from({ length: entries }, (_, index) => index);
  for (let i = entries - 1; i > 0; i--) {
    const j = stream.readUIntBE(6 * (entries - 1 - i), 6) % (i + 1);
    [deck[i], deck[j]] = [deck[j], deck[i]];
  }
  return deck[ordinal] + 1;
}

/** What the query `drawProof` returned, whole or only its inner part. */
function readAnswer() {
  if (process.stdin.isTTY) fail(`There is no proof to check: give it as a file or as four values.\n${usage}`);
  const text = readFileSync(0, 'utf8').trim();
  if (text === '') fail(`There is no proof to check: the input is empty.\n${usage}`);
  let answer;
  try {
    answer = JSON.parse(text);
  } catch {
    fail('The input is not JSON. It must be the answer to the query drawProof, as docs/verifiable-draw.md shows it.');
  }
  if (answer?.errors?.[0]?.message) fail(`The API returned no proof: ${answer.errors[0].message}`);
  const proof = answer?.data ? answer.data.drawProof : answer;
  if (proof === null || typeof proof !== 'object')
    fail('The input has no proof: drawProof is null for a fan without a place in this waiting room.');
  return proof;
}

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
