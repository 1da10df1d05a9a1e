import { useOrganizerTexts } from '../texts/organizer.ts';
import { SaleBadge } from './event-card.tsx';

type Managed = Parameters<typeof SaleBadge>[0]['event'] & { status: string };

/** As fans see it, and drafts, which fans do not see. */
export function ManagedBadge({ event }: { event: Managed }) {
  const texts = useOrganizerTexts();
  if (event.status === 'DRAFT') return <span className="badge">{texts.draft}</span>;
  if (event.status === 'POSTPONED') return <span className="badge warn">{texts.postponed}</span>;
  return <SaleBadge event={event} texts={texts} />;
}
