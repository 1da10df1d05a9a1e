import { useNavigate, useSearch } from '@tanstack/react-router';
import { useEffect, useMemo, useState } from 'react';
import { useQuery } from 'urql';
import { clock } from '../api/transport.ts';
import { SEARCH } from '../operations/search.ts';
import { EventCard } from '../parts/event-card.tsx';
import { Filters, SearchBox } from '../parts/search-box.tsx';
import { Empty, Failure } from '../parts/states.tsx';
import type { Wish } from '../parts/wish.ts';
import { counted, useTexts } from '../texts/texts.ts';

const DAYS: Record<string, number> = { month: 30, quarter: 90 };

/** Search with its results. What the fan looks for is in the address, so that it can be shared and gone back to. */
export function HomePage() {
  const wish = useSearch({ from: '/' });
  const navigate = useNavigate({ from: '/' });
  const texts = useTexts();
  useEffect(() => {
    document.title = `Frontrow · ${texts.homeTitle}`;
  }, [texts]);
  const change = (next: Wish) => void navigate({ search: { ...wish, ...next } as never, replace: true });
  return (
    <>
      <section className="hero">
        <h1>{texts.homeTitle}</h1>
        <p>{texts.homeLead}</p>
        <SearchBox text={wish.text ?? ''} search={(text) => change({ text: text || undefined })} />
      </section>
      <Results key={JSON.stringify(wish)} wish={wish} change={change} />
    </>
  );
}

function useResults(wish: Wish) {
  const [pages, setPages] = useState<(string | null)[]>([null]);
  const variables = useMemo(() => {
    const days = DAYS[wish.when ?? ''];
    const from = clock.now();
    const until = days && new Date(from + days * 86_400_000).toISOString();
    return {
      text: wish.text ?? null,
      city: wish.city ?? null,
      categories: wish.category ? [wish.category as 'SPORT'] : null,
      startsBetween: until ? { from: new Date(from).toISOString(), to: until } : null,
      onSaleOnly: false,
    };
  }, [wish]);
  const more = (cursor: string) => setPages((before) => [...before, cursor]);
  return { pages, variables, more };
}

function Results({ wish, change }: { wish: Wish; change: (next: Wish) => void }) {
  const texts = useTexts();
  const { pages, variables, more } = useResults(wish);
  const [{ data, error, fetching }, again] = useQuery({ query: SEARCH, variables });
  const found = data?.searchEvents;
  if (error && !found) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  const count = found?.totalCount ?? 0;
  return (
    <section className="results" aria-busy={fetching}>
      <Filters wish={wish} change={change} facets={found?.facets ?? []} />
      <p className="count" role="status">
        {found && counted(texts.results, count)}
        {found?.degraded && ` · ${texts.degraded}`}
      </p>
      {!found && <Skeletons />}
      {found && count === 0 && (
        <Empty title={texts.noResults}>
          <p>{texts.noResultsHint}</p>
          <button
            type="button"
            className="button"
            onClick={() => change({ text: undefined, city: undefined, category: undefined, when: undefined })}
          >
            {texts.clearFilters}
          </button>
        </Empty>
      )}
      {pages.map((after, index) => (
        <Page
          key={after ?? ''}
          after={after}
          variables={variables}
          more={index === pages.length - 1 ? more : undefined}
        />
      ))}
    </section>
  );
}

type PageProps = {
  after: string | null;
  variables: ReturnType<typeof useResults>['variables'];
  more: ((cursor: string) => void) | undefined;
};

function Page({ after, variables, more }: PageProps) {
  const texts = useTexts();
  const [{ data }] = useQuery({ query: SEARCH, variables: after ? { ...variables, after } : variables });
  const found = data?.searchEvents;
  if (!found) return null;
  const { endCursor, hasNextPage } = found.pageInfo;
  return (
    <>
      <ul className="cards">
        {found.nodes.map((event) => (
          <li key={event.id}>
            <EventCard event={event} />
          </li>
        ))}
      </ul>
      {more && hasNextPage && endCursor && (
        <button type="button" className="button more" onClick={() => more(endCursor)}>
          {texts.more}
        </button>
      )}
    </>
  );
}

function Skeletons() {
  return (
    <div className="cards" aria-hidden="true">
      {['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'].map((key) => (
        <div key={key} className="card skeleton" />
      ))}
    </div>
  );
}
