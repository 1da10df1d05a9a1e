import type { ResultOf } from '../api/graphql.ts';
import type { SALES_CHANGED } from '../operations/organizer.ts';
import { useOrganizerTexts } from '../texts/organizer.ts';
import { useFormats } from './formats.ts';

type Sales = ResultOf<typeof SALES_CHANGED>['eventSalesChanged'];
type Availability = { capacity: number; available: number; held: number; booked: number };

/** The figures of a sale. They arrive by themselves, and only members of the organization with a right to them have them. */
export function SalesFigures({ sales, availability }: { sales: Sales | null; availability: Availability }) {
  const texts = useOrganizerTexts();
  const formats = useFormats();
  const { capacity, available, held, booked } = availability;
  const amounts = (list: Sales['gross']) => list.map(formats.money).join(' + ') || '0';
  const figures = [
    [texts.sold, formats.number(sales?.soldTickets ?? booked)],
    ...(sales ? [[texts.revenue, amounts(sales.gross)]] : []),
    ...(sales ? [[texts.perMinute, formats.number(Math.round(sales.perMinute * 10) / 10)]] : []),
    [texts.heldNow, formats.number(held)],
    [texts.stillFree, formats.number(available)],
  ];
  return (
    <section className="paper">
      <dl className="figures">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <progress max={capacity} value={booked + held} aria-label={texts.sold} />
      {sales && sales.soldTickets > 0 && (
        <div className="pair">
          <Counts title={texts.byPrice} counts={sales.soldByLevel} />
          <Counts title={texts.byType} counts={sales.soldByType} />
        </div>
      )}
    </section>
  );
}

function Counts({ title, counts }: { title: string; counts: Sales['soldByLevel'] }) {
  const formats = useFormats();
  return (
    <div>
      <h2>{title}</h2>
      <dl className="total">
        {counts.map(({ key, name, tickets }) => (
          <div key={key}>
            <dt>{name}</dt>
            <dd>{formats.number(tickets)}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
