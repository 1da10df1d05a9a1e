import { Link } from '@tanstack/react-router';
import { type ChangeEvent, useId, useState } from 'react';
import { useMutation } from 'urql';
import { ChoiceBox, Form, TextBox, textOf, Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { sendFile } from '../forms/upload.ts';
import { useAction } from '../forms/use-action.ts';
import { CREATE_UPLOAD, IMPORT_PLAN } from '../operations/venues.ts';
import { refusalText } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { fill } from '../texts/texts.ts';
import { guessFormat, PLAN_FORMATS, type PlanFormat } from './file-format.ts';

type Props = { readonly organizationId: string; readonly venueId: string; readonly done: () => void };
type Note = { readonly path: string; readonly message: string };
type Made = { readonly id: string; readonly name: string; readonly warnings: readonly Note[] };

/** A file becomes a draft of a seating plan, or the list of what is wrong with the file. */
export function PlanImport({ organizationId, venueId, done }: Props) {
  const texts = useOrganizerTexts();
  const [file, setFile] = useState<File>();
  const [format, setFormat] = useState<PlanFormat>('SEATSIO');
  const [made, setMade] = useState<Made>();
  const [notes, setNotes] = useState<readonly Note[]>([]);
  const sending = useUpload(organizationId);
  const { run, isBusy, problems, setProblems } = useAction(IMPORT_PLAN);
  const choose = async (event: ChangeEvent<HTMLInputElement>) => {
    const chosen = event.target.files?.[0];
    setFile(chosen);
    if (chosen) setFormat(await guessFormat(chosen));
  };
  const submit = async (given: FormData) => {
    if (!file) return;
    setMade(undefined);
    setNotes([]);
    setProblems({});
    const uploadId = await sending.send(file, format === 'CSV' ? 'text/csv' : 'application/json');
    if (!uploadId) return;
    const name = textOf(given, 'planName');
    const { done: imported, refused } = await run({ input: { venueId, uploadId, format, name } });
    if (refused && 'fileProblems' in refused) setNotes(refused.fileProblems);
    if (!imported) return;
    setMade({ id: imported.seatingPlan.id, name, warnings: imported.warnings });
    done();
  };
  return (
    <Form className="paper form" problems={problems} submit={(given) => void submit(given)}>
      <h2>{texts.importPlan}</h2>
      <p className="hint">{texts.importPlanHint}</p>
      <FileBox
        label={texts.planFile}
        accept=".json,.csv,application/json,text/csv"
        choose={(event) => void choose(event)}
      />
      <div className="pair">
        <ChoiceBox
          name="format"
          label={texts.format}
          value={format}
          options={PLAN_FORMATS.map((one) => [one, texts[`format${one}`]])}
          onChange={(wanted) => setFormat(wanted as PlanFormat)}
        />
        <TextBox name="planName" label={texts.planName} problem={problems.name} required maxLength={100} />
      </div>
      {sending.share !== undefined && <progress max={1} value={sending.share} aria-label={texts.uploading} />}
      <Wrong texts={[...sending.problems, ...(notes.length > 0 ? [texts.planRefused] : restOf(problems, ['name']))]} />
      <Notes notes={notes} />
      <button type="submit" className="button primary" disabled={isBusy || sending.share !== undefined || !file}>
        {isBusy ? texts.importing : texts.importButton}
      </button>
      {made && <Imported {...{ made, organizationId }} />}
    </Form>
  );
}

function Imported({ made: { id, name, warnings }, organizationId }: { made: Made; organizationId: string }) {
  const texts = useOrganizerTexts();
  return (
    <div className="notice good" role="status">
      <p>{fill(texts.planImported, name)}</p>
      {warnings.length > 0 && <p>{texts.planWarnings}</p>}
      <Notes notes={warnings} />
      <Link
        to="/organizer/organizations/$organizationId/plans/$planId"
        params={{ organizationId, planId: id }}
        className="button primary"
      >
        {texts.lookAtPlan}
      </Link>
    </div>
  );
}

/** Each problem of the file with the place in it. */
function Notes({ notes }: { notes: readonly Note[] }) {
  if (notes.length === 0) return null;
  return (
    <ul className="notes">
      {notes.map(({ path, message }) => (
        <li key={`${path} ${message}`}>
          {path && <code>{path}</code>} {message}
        </li>
      ))}
    </ul>
  );
}

type FileProps = {
  label: string;
  accept: string;
  problem?: string;
  choose: (event: ChangeEvent<HTMLInputElement>) => void;
};

export function FileBox({ label, accept, problem, choose }: FileProps) {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input type="file" id={id} accept={accept} onChange={choose} aria-describedby={problem && `${id}-problem`} />
      {problem && (
        <span className="wrong" id={`${id}-problem`}>
          {problem}
        </span>
      )}
    </div>
  );
}

/** Sends a file of the organization and tells how much of it has arrived. */
export function useUpload(organizationId: string, purpose: 'SEATING_PLAN' | 'EVENT_IMAGE' = 'SEATING_PLAN') {
  const texts = useOrganizerTexts();
  const [, create] = useMutation(CREATE_UPLOAD);
  const [share, setShare] = useState<number>();
  const [problems, setProblems] = useState<readonly string[]>([]);
  const send = async (file: File, contentType: string): Promise<string | undefined> => {
    setProblems([]);
    const { data } = await create({ input: { organizationId, purpose, contentType, bytes: file.size } });
    const result = data?.createUpload;
    if (!result || 'code' in result) {
      setProblems([result ? refusalText(texts, result) : texts.failedNetwork]);
      return undefined;
    }
    setShare(0);
    const problem = await sendFile(result.upload.url ?? '', file, contentType, setShare);
    setShare(undefined);
    if (problem === undefined) return result.upload.id;
    setProblems([problem || texts.failedNetwork]);
    return undefined;
  };
  return { send, share, problems };
}
