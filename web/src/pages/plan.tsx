import { Link, useParams } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useQuery } from 'urql';
import type { ResultOf } from '../api/graphql.ts';
import { Wrong } from '../forms/fields.tsx';
import { restOf } from '../forms/problems.ts';
import { useAction } from '../forms/use-action.ts';
import { PUBLISH_PLAN, SEATING_PLAN } from '../operations/venues.ts';
import { type Layout, useLayout } from '../organize/layouts.ts';
import { colourAt } from '../organize/level-colours.ts';
import { PlanDrawing } from '../organize/plan-drawing.tsx';
import { PageHead, SignedIn, Waiting } from '../organize/signed-in.tsx';
import { useFormats } from '../parts/formats.ts';
import { Failure } from '../parts/states.tsx';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { counted } from '../texts/texts.ts';
import { NotFoundPage } from './not-found.tsx';

type Found = Extract<NonNullable<ResultOf<typeof SEATING_PLAN>['node']>, { seatCount: unknown }>;

/** A seating plan as it was imported, to look at before it is published. */
export function PlanPage() {
  const texts = useOrganizerTexts();
  return <SignedIn title={texts.seatingPlans}>{() => <Plan />}</SignedIn>;
}

function Plan() {
  const { planId: id } = useParams({ from: '/organizer/organizations/$organizationId/plans/$planId' });
  const [{ data, error }, again] = useQuery({ query: SEATING_PLAN, variables: { id } });
  if (data?.node && 'seatCount' in data.node) return <Details plan={data.node} />;
  if (error) return <Failure error={error} retry={() => again({ requestPolicy: 'network-only' })} />;
  return data ? <NotFoundPage /> : <Waiting />;
}

function Details({ plan }: { plan: Found }) {
  const texts = useOrganizerTexts();
  const { organizationId } = useParams({ from: '/organizer/organizations/$organizationId/plans/$planId' });
  const { layout, isFailed } = useLayout(plan.layout);
  const { run, isBusy, problems } = useAction(PUBLISH_PLAN);
  const isDraft = plan.status === 'DRAFT';
  return (
    <section className="column wide">
      <PageHead
        title={plan.name}
        end={<span className={isDraft ? 'badge warn' : 'badge good'}>{isDraft ? texts.draft : texts.published}</span>}
      >
        <Link
          to="/organizer/organizations/$organizationId/venues/$venueId"
          params={{ organizationId, venueId: plan.venue.id }}
        >
          {plan.venue.name}
        </Link>
      </PageHead>
      {isDraft && (
        <div className="notice act">
          <p>{texts.publishPlanHint}</p>
          <button
            type="button"
            className="button primary"
            disabled={isBusy}
            onClick={() => void run({ input: { seatingPlanId: plan.id } })}
          >
            {texts.publishPlan}
          </button>
        </div>
      )}
      <Wrong texts={restOf(problems, [])} />
      <section className="paper">
        <h2>{counted(texts.seatCount, plan.seatCount)}</h2>
        {isFailed && <p className="notice bad">{texts.failedNetwork}</p>}
        {layout ? <Preview layout={layout} label={plan.name} /> : !isFailed && <Waiting />}
      </section>
      {layout && <Sections layout={layout} />}
    </section>
  );
}

function Preview({ layout, label }: { layout: Layout; label: string }) {
  const colourOf = useMemo(() => (seatNo: number) => colourAt(layout.tierOf[seatNo] ?? 0), [layout]);
  return (
    <>
      <PlanDrawing {...{ layout, label, colourOf }} />
      <ul className="key">
        {layout.tiers.map((name, index) => (
          <li key={name}>
            <svg className="swatch" viewBox="0 0 14 14" aria-hidden="true">
              <rect width="14" height="14" rx="3" fill={colourAt(index)} />
            </svg>
            {name}
          </li>
        ))}
      </ul>
    </>
  );
}

function Sections({ layout }: { layout: Layout }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  return (
    <section className="paper">
      <h2>{texts.sections}</h2>
      <div className="scroll">
        <table>
          <thead>
            <tr>
              <th scope="col">{texts.sectionName}</th>
              <th scope="col">{texts.category}</th>
              <th scope="col">{texts.seats}</th>
            </tr>
          </thead>
          <tbody>
            {layout.sections.map(({ id, label, tier, first, end, isGeneral }) => (
              <tr key={id}>
                <th scope="row">{label}</th>
                <td>{tier}</td>
                <td>
                  {formats.number(end - first)} {isGeneral && <span className="badge">{texts.standing}</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
