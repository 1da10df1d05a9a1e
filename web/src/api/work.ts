/** Solves the puzzle with which the API slows down programs. Its code is read only when the API asks for it. */
export async function solveChallenge(text: string): Promise<string> {
  const [{ solveChallenge: solve }, { deriveKey }] = await Promise.all([
    import('altcha-lib'),
    import('altcha-lib/algorithms/pbkdf2'),
  ]);
  const challenge = JSON.parse(text);
  return JSON.stringify({ challenge, solution: await solve({ challenge, deriveKey }) });
}
