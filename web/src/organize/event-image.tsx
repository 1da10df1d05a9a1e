import { type ChangeEvent, useState } from 'react';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { FileBox, useUpload } from './plan-import.tsx';

type Props = {
  readonly organizationId: string;
  readonly imageUrl: string | null;
  readonly problem: string | undefined;
  readonly sent: (uploadId: string) => void;
};

/** The image of an event: sent when it is chosen, and set when the form is saved. */
export function EventImage({ organizationId, imageUrl, problem, sent }: Props) {
  const texts = useOrganizerTexts();
  const { send, share, problems } = useUpload(organizationId, 'EVENT_IMAGE');
  const [isSent, setSent] = useState(false);
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const file = event.target.files?.[0];
    setSent(false);
    const uploadId = file && (await send(file, file.type));
    if (!uploadId) return;
    setSent(true);
    sent(uploadId);
  };
  return (
    <fieldset>
      <legend>{texts.image}</legend>
      {imageUrl && <img className="cover" src={imageUrl} alt={texts.image} />}
      <FileBox
        label={texts.imageFile}
        accept="image/jpeg,image/png,image/webp,image/avif"
        {...((problem ?? problems[0]) && { problem: problem ?? problems[0] ?? '' })}
        choose={(event) => void choose(event)}
      />
      {share !== undefined && <progress max={1} value={share} aria-label={texts.uploading} />}
      {isSent && (
        <p className="notice good" role="status">
          {texts.imageSent}
        </p>
      )}
    </fieldset>
  );
}
