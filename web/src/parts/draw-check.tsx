import { useEffect, useState } from 'react';
import { useClient } from 'urql';
import { keepPasses, passesOf } from '../api/admissions.ts';
import { type Verdict, verifyDraw } from '../api/draw-proof.ts';
import { DRAW_PROOF } from '../operations/fan.ts';
import { useTexts } from '../texts/texts.ts';

type Props = { readonly eventId: string; readonly isDrawn: boolean };

/** Notes the commitment of the draw before it, and after it repeats the draw: the fan need not believe the organizer. */
export function DrawCheck({ eventId, isDrawn }: Props) {
  const texts = useTexts();
  const verdict = useVerdict(eventId, isDrawn);
  if (!verdict) return null;
  const says = {
    noted: texts.drawNoted,
    proven: texts.drawProven,
    late: texts.drawLate,
    wrong: texts.drawWrong,
  };
  return (
    <p className={verdict === 'wrong' ? 'notice bad' : 'hint'} role={verdict === 'wrong' ? 'alert' : undefined}>
      {says[verdict]}
    </p>
  );
}

function useVerdict(eventId: string, isDrawn: boolean): Verdict | undefined {
  const client = useClient();
  const [verdict, setVerdict] = useState<Verdict>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: the proof is another one after the draw.
  useEffect(() => {
    let isShown = true;
    const check = async () => {
      const { data } = await client.query(DRAW_PROOF, { eventId }, { requestPolicy: 'network-only' }).toPromise();
      const proof = data?.drawProof;
      if (!proof) return;
      const passes = passesOf(eventId);
      // Only what was seen while the secret was not known binds the organizer.
      const noted = proof.secret === null ? proof.commitment : passes.commitment;
      if (noted && noted !== passes.commitment) keepPasses(eventId, { ...passes, commitment: noted });
      const found = await verifyDraw(proof, noted);
      if (isShown) setVerdict(found);
    };
    // Without encryption of its page a browser has no functions for this.
    if (crypto.subtle) void check();
    return () => {
      isShown = false;
    };
  }, [client, eventId, isDrawn]);
  return verdict;
}
