// Recomputes a position in the draw of a waiting room; docs/verifiable-draw.md. Node 20 or later, nothing else.
// usage: node verify-draw.mjs <secret> <commitment> <entries> <ordinal>
//    or: node verify-draw.mjs [commitment noted before the draw] < answer-of-drawProof.json
import { createCipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const args = process.argv.slice(2);
const answer = args.length < 2 ? JSON.parse(readFileSync(0, 'utf8')) : undefined;
const told = answer?.data?.drawProof ??
  answer ?? { secret: args[0], entries: Number(args[2]), ordinal: Number(args[3]) };
const commitment = args[1] ?? args[0] ?? told.commitment;
const { secret, entries, ordinal } = told;

if (secret === null) fail('The draw was not made yet. Until then, note the commitment.');
const areNumbers = [entries, ordinal].every((number) => Number.isSafeInteger(number) && number >= 0);
if (!/^[0-9a-f]{64}$/.test(secret) || !areNumbers) fail('This is not the proof of a draw.');
const key = Buffer.from(secret, 'hex');
if (createHash('sha256').update(key).digest('hex') !== commitment) fail('The secret is not the one of the commitment.');

const stream = createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(6 * Math.max(0, entries - 1)));
const deck = Uint32Array.from({ length: entries }, (_, index) => index);
for (let i = entries - 1; i > 0; i--) {
  const j = stream.readUIntBE(6 * (entries - 1 - i), 6) % (i + 1);
  [deck[i], deck[j]] = [deck[j], deck[i]];
}
const position = ordinal < entries ? deck[ordinal] + 1 : ordinal + 1;
if (told.position !== undefined && told.position !== position)
  fail(`You were told ${told.position}; it is ${position}.`);
console.log(`The secret is the one of the commitment. Position of ordinal ${ordinal} among ${entries}: ${position}`);

function fail(reason) {
  console.error(reason);
  process.exit(1);
}
