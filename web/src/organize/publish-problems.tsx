import { Link } from '@tanstack/react-router';
import { useOrganizerTexts } from '../texts/organizer.ts';

type Props = { readonly eventId: string; readonly problems: readonly { field: string; message: string }[] };

/** What keeps a draft from being published, each with the way to its field. */
export function PublishProblems({ eventId, problems }: Props) {
  const texts = useOrganizerTexts();
  if (problems.length === 0) return null;
  const params = { eventId };
  return (
    <div className="notice bad" role="alert">
      <ul>
        {problems.map(({ field, message }) => (
          <li key={`${field} ${message}`}>
            {message}{' '}
            {field === 'prices' && (
              <Link to="/organizer/events/$eventId/prices" params={params}>
                {texts.prices}
              </Link>
            )}
            {field !== '' && field !== 'prices' && (
              <Link to="/organizer/events/$eventId/edit" params={params}>
                {nameOf(texts, field)}
              </Link>
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}

const nameOf = (texts: Readonly<Record<string, string>>, field: string): string =>
  texts[field] ?? texts.editEvent ?? field;
