import type { KeptBooking } from '../api/kept-tickets.ts';

const HOURS = 3;

/** The address of an iCalendar file about the event, which any calendar reads. */
export function calendarFile({ id, event, seats }: KeptBooking): string {
  const instant = (ms: number) => new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
  const startsAt = Date.parse(event.startsAt);
  const escaped = (text: string) => text.replace(/[\\;,]/g, (character) => `\\${character}`).replace(/\n/g, '\\n');
  const places = seats.map(({ seat }) => `${seat.section.label} ${seat.row} ${seat.label}`).join(', ');
  const lines = [
    ...['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Frontrow//Web//EN', 'BEGIN:VEVENT'],
    `UID:${id}`,
    `DTSTAMP:${instant(Date.now())}`,
    `DTSTART:${instant(startsAt)}`,
    `DTEND:${instant(startsAt + HOURS * 3_600_000)}`,
    `SUMMARY:${escaped(event.title)}`,
    `LOCATION:${escaped(`${event.venue.name}, ${event.venue.city}`)}`,
    `DESCRIPTION:${escaped(places)}`,
    ...['END:VEVENT', 'END:VCALENDAR', ''],
  ];
  return `data:text/calendar;charset=utf-8,${encodeURIComponent(lines.join('\r\n'))}`;
}
