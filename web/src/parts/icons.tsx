const paths = {
  search: 'M11 4a7 7 0 1 1 0 14a7 7 0 0 1 0-14ZM20 20l-4-4',
  pin: 'M12 21s-7-6.2-7-11.5A7 7 0 0 1 19 9.500C19 14.800 12 21 12 21ZM12 12a2.500 2.500 0 1 0 0-5a2.500 2.500 0 0 0 0 5Z',
  calendar: 'M4 6h16v14H4ZM4 10h16M8 3v4M16 3v4',
  ticket:
    'M3 8a2 2 0 0 1 2-2h14a2 2 0 0 1 2 2v2a2 2 0 0 0 0 4v2a2 2 0 0 1-2 2H5a2 2 0 0 1-2-2v-2a2 2 0 0 0 0-4ZM14 6v12',
  person: 'M12 12a4 4 0 1 0 0-8a4 4 0 0 0 0 8ZM4 21a8 8 0 0 1 16 0',
  close: 'M6 6l12 12M18 6L6 18',
  minus: 'M5 12h14',
  plus: 'M12 5v14M5 12h14',
  check: 'M5 13l4 4L19 7',
  clock: 'M12 3a9 9 0 1 1 0 18a9 9 0 0 1 0-18ZM12 7v5l3 2',
  chart: 'M4 20V10M10 20V4M16 20v-7M21 20H3',
} as const;

export type IconName = keyof typeof paths;

/** A line drawing beside a text, which says the same, so that screen readers leave it out. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
