import {
  type ChangeEvent,
  type FormEvent,
  type InputHTMLAttributes,
  type ReactNode,
  useEffect,
  useId,
  useRef,
} from 'react';
import type { Problems } from './problems.ts';

type Common = {
  readonly name: string;
  readonly label: string;
  readonly hint?: string | undefined;
  readonly problem?: string | undefined;
};

/** A label, the control, a hint, and what is wrong with it. */
function Frame({ id, label, hint, problem, children }: Common & { id: string; children: ReactNode }) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children}
      {hint && (
        <span className="hint" id={`${id}-hint`}>
          {hint}
        </span>
      )}
      {problem && (
        <span className="wrong" id={`${id}-problem`}>
          {problem}
        </span>
      )}
    </div>
  );
}

const described = (id: string, { hint, problem }: Common) => ({
  'aria-invalid': problem !== undefined || undefined,
  'aria-describedby': [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(' ') || undefined,
});

type InputProps = Common & Omit<InputHTMLAttributes<HTMLInputElement>, 'name' | 'id'>;

export function TextBox({ name, label, hint, problem, ...input }: InputProps) {
  const id = useId();
  const common = { name, label, hint, problem };
  return (
    <Frame {...common} id={id}>
      <input {...input} {...described(id, common)} id={id} name={name} />
    </Frame>
  );
}

type AreaProps = Common & { readonly defaultValue?: string; readonly maxLength?: number; readonly required?: boolean };

export function TextArea({ name, label, hint, problem, ...area }: AreaProps) {
  const id = useId();
  const common = { name, label, hint, problem };
  return (
    <Frame {...common} id={id}>
      <textarea {...area} {...described(id, common)} id={id} name={name} rows={4} />
    </Frame>
  );
}

type ChoiceProps = Common & {
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly defaultValue?: string | undefined;
  readonly value?: string;
  readonly disabled?: boolean;
  readonly onChange?: (value: string) => void;
};

export function ChoiceBox({ name, label, hint, problem, options, onChange, ...select }: ChoiceProps) {
  const id = useId();
  const common = { name, label, hint, problem };
  const changed = onChange && ((event: ChangeEvent<HTMLSelectElement>) => onChange(event.target.value));
  return (
    <Frame {...common} id={id}>
      <select {...select} {...(changed && { onChange: changed })} {...described(id, common)} id={id} name={name}>
        {options.map(([value, text]) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </Frame>
  );
}

type FormProps = {
  readonly className?: string;
  readonly label?: string;
  readonly problems: Problems;
  readonly submit: (given: FormData, form: HTMLFormElement) => void;
  readonly children: ReactNode;
};

/** A form that sends nothing by itself. The first field with a problem gets the focus. */
export function Form({ className = 'form', label, problems, submit, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (Object.keys(problems).length > 0) form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus();
  }, [problems]);
  const submitted = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    submit(new FormData(event.currentTarget), event.currentTarget);
  };
  return (
    <form className={className} aria-label={label} ref={form} onSubmit={submitted}>
      {children}
    </form>
  );
}

/** What is wrong with the form as a whole. */
export function Wrong({ texts }: { texts: readonly string[] }) {
  if (texts.length === 0) return null;
  return (
    <div className="notice bad" role="alert">
      <ul>
        {[...new Set(texts)].map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
    </div>
  );
}

/** The text of a field without blanks around it. */
export const textOf = (given: FormData, name: string): string => String(given.get(name) ?? '').trim();

/** The same; undefined when it is empty. */
export const someText = (given: FormData, name: string): string | undefined => textOf(given, name) || undefined;

/** A whole number; undefined when it is empty. */
export function someNumber(given: FormData, name: string): number | undefined {
  const text = textOf(given, name);
  return text === '' ? undefined : Number(text);
}
