import { type FormEvent, useId, useState } from 'react';
import { useClient } from 'urql';
import { TICKET_TYPES } from '../operations/fan.ts';
import { fill, useTexts } from '../texts/texts.ts';
import { errorText } from './states.tsx';

type Props = {
  readonly eventId: string;
  readonly codes: readonly string[];
  readonly change: (codes: readonly string[]) => void;
};

/** Codes that open seats and ticket types, or lower the price. Each is tried before it counts. */
export function CodeField({ eventId, codes, change }: Props) {
  const texts = useTexts();
  const client = useClient();
  const id = useId();
  const [problem, setProblem] = useState('');
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const code = String(new FormData(form).get('code')).trim();
    if (code === '' || codes.includes(code)) return;
    const wanted = [...codes, code];
    const { error } = await client.query(TICKET_TYPES, { id: eventId, codes: wanted }).toPromise();
    setProblem(error ? errorText(texts, error) : '');
    if (error) return;
    form.reset();
    change(wanted);
  };
  return (
    <form className="form" onSubmit={(event) => void submit(event)}>
      <div className="field">
        <label htmlFor={id}>{texts.code}</label>
        <input id={id} name="code" autoComplete="off" aria-describedby={problem && `${id}-problem`} />
      </div>
      {problem && (
        <p className="notice bad" role="alert" id={`${id}-problem`}>
          {problem}
        </p>
      )}
      <ul className="chips">
        {codes.map((code) => (
          <li key={code}>
            <button
              type="button"
              className="chip"
              aria-label={fill(texts.remove, code)}
              onClick={() => change(codes.filter((one) => one !== code))}
            >
              {code} ×
            </button>
          </li>
        ))}
      </ul>
      <button type="submit" className="button">
        {texts.useCode}
      </button>
    </form>
  );
}
