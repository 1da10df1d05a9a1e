import { useNavigate } from '@tanstack/react-router';
import { useId, useState } from 'react';
import { useQuery } from 'urql';
import { SUGGEST } from '../operations/search.ts';
import type { Texts } from '../texts/en.ts';
import { useTexts } from '../texts/texts.ts';
import { useFormats } from './formats.ts';
import { Icon } from './icons.tsx';
import type { Wish } from './wish.ts';

type Facets = readonly { readonly field: string; readonly counts: readonly { value: string; count: number }[] }[];

/** A text field with suggestions, as a combobox: arrow keys choose, Enter opens the event or searches. */
export function SearchBox({ text, search }: { text: string; search: (text: string) => void }) {
  const texts = useTexts();
  const navigate = useNavigate();
  const listId = useId();
  const [typed, setTyped] = useState(text);
  const [isOpen, setOpen] = useState(false);
  const [active, setActive] = useState(-1);
  const wanted = typed.trim();
  const [{ data }] = useQuery({ query: SUGGEST, variables: { text: wanted }, pause: !isOpen || wanted.length < 2 });
  const suggestions = isOpen && wanted.length >= 2 ? (data?.suggestEvents ?? []) : [];
  const open = (eventId: string) => void navigate({ to: '/events/$eventId', params: { eventId } });
  const key = (event: React.KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === 'Escape') setOpen(false);
    if (step === undefined || suggestions.length === 0) return;
    event.preventDefault();
    setActive((active + step + suggestions.length + 1) % (suggestions.length + 1));
  };
  return (
    <search>
      <form
        className="search"
        onSubmit={(event) => {
          event.preventDefault();
          setOpen(false);
          const chosen = suggestions[active];
          if (chosen) open(chosen.event.id);
          else search(wanted);
        }}
      >
        <Icon name="search" />
        <input
          type="search"
          role="combobox"
          aria-label={texts.search}
          aria-expanded={suggestions.length > 0}
          aria-controls={listId}
          aria-autocomplete="list"
          aria-activedescendant={suggestions[active] ? `${listId}-${active}` : undefined}
          autoComplete="off"
          placeholder={texts.search}
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value);
            setActive(-1);
            setOpen(true);
            if (event.target.value === '') search('');
          }}
          onBlur={() => setOpen(false)}
          onKeyDown={key}
        />
        <button type="submit" className="button primary">
          {texts.searchButton}
        </button>
        <Suggestions {...{ listId, suggestions, active, open, texts }} />
      </form>
    </search>
  );
}

type Suggested = {
  listId: string;
  suggestions: readonly {
    title: string;
    event: { id: string; startsAt: string; venue: { name: string; city: string; timeZone: string } };
  }[];
  active: number;
  open: (eventId: string) => void;
  texts: Texts;
};

function Suggestions({ listId, suggestions, active, open, texts }: Suggested) {
  const formats = useFormats();
  return (
    <div
      className="suggestions"
      role="listbox"
      id={listId}
      aria-label={texts.suggestions}
      hidden={suggestions.length === 0}
    >
      {suggestions.map(({ title, event }, index) => (
        <div
          key={event.id}
          id={`${listId}-${index}`}
          role="option"
          tabIndex={-1}
          aria-selected={index === active}
          // Before the field loses the focus, which closes the list.
          onMouseDown={() => open(event.id)}
        >
          <strong>{title}</strong>
          <span>
            {event.venue.name}, {event.venue.city} · {formats.dateTime(event.startsAt, event.venue.timeZone)}
          </span>
        </div>
      ))}
    </div>
  );
}

type FiltersProps = { wish: Wish; change: (next: Wish) => void; facets: Facets };

/** Filters with the number of events that each would leave. */
export function Filters({ wish, change, facets }: FiltersProps) {
  const texts = useTexts();
  const counts = (field: string) => facets.find((facet) => facet.field === field)?.counts ?? [];
  const categoryName = (value: string) => texts[value as keyof Texts] ?? value;
  return (
    <div className="filters">
      <Choice label={texts.city} any={texts.anyCity} value={wish.city} choose={(city) => change({ city })}>
        {options(counts('city'), wish.city, (value) => value)}
      </Choice>
      <Choice
        label={texts.category}
        any={texts.anyCategory}
        value={wish.category}
        choose={(category) => change({ category })}
      >
        {options(counts('category'), wish.category, categoryName)}
      </Choice>
      <Choice label={texts.when} any={texts.anyTime} value={wish.when} choose={(when) => change({ when })}>
        <option value="month">{texts.thisMonth}</option>
        <option value="quarter">{texts.nextMonths}</option>
      </Choice>
    </div>
  );
}

/** The values of a facet; the chosen value too, when the facet no longer has it. */
function options(counts: Facets[number]['counts'], chosen: string | undefined, nameOf: (value: string) => string) {
  const isMissing = chosen !== undefined && !counts.some(({ value }) => value === chosen);
  const all = isMissing ? [{ value: chosen, count: 0 }, ...counts] : counts;
  return all.map(({ value, count }) => (
    <option key={value} value={value}>
      {nameOf(value)} ({count})
    </option>
  ));
}

type ChoiceProps = {
  label: string;
  any: string;
  value: string | undefined;
  choose: (value: string | undefined) => void;
  children: React.ReactNode;
};

function Choice({ label, any, value, choose, children }: ChoiceProps) {
  return (
    <label className="choice">
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => choose(event.target.value || undefined)}>
        <option value="">{any}</option>
        {children}
      </select>
    </label>
  );
}
