type Props = { readonly title: string; readonly category: string; readonly imageUrl: string | null };

/** Rows of seats in the colors of the event, until its organizer uploads an image. The same title looks the same. */
export function Cover({ title, category, imageUrl }: Props) {
  if (imageUrl) return <img className="cover" src={imageUrl} alt="" loading="lazy" />;
  const seed = [...title].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) >>> 0, 7);
  return (
    <svg
      className={`cover cover-${seed % 6}`}
      viewBox="0 0 320 150"
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      <rect width="320" height="150" className="cover-back" />
      {rowsOf(seed, category === 'SPORT').map(({ key, x, y, size, kind }) => (
        <circle key={key} cx={x} cy={y} r={size} className={`cover-${kind}`} />
      ))}
    </svg>
  );
}

type CoverSeat = { key: string; x: number; y: number; size: number; kind: string };

/** Seats on arcs around a stage below the picture, or around a field in it. */
function rowsOf(seed: number, isRound: boolean): CoverSeat[] {
  const seats = [0, 1, 2, 3, 4, 5].flatMap((row) => {
    const count = 16 + row * 5;
    return Array.from({ length: count }, (_, at) => {
      const angle = isRound ? (at / count) * Math.PI * 2 : Math.PI * (1.06 + (0.88 * at) / (count - 1));
      const radius = (isRound ? 38 : 46) + row * 21;
      const x = 160 + Math.cos(angle) * radius * 1.5;
      const y = (isRound ? 75 : 168) + Math.sin(angle) * radius * 0.8;
      return { key: `${row}-${at}`, x, y, size: 4.6, kind: kindOf(Math.abs(Math.sin(seed + row * 57.3 + at * 12.9))) };
    });
  });
  return seats.filter(({ x, y }) => x > -8 && x < 328 && y > -8 && y < 158);
}

function kindOf(chance: number): string {
  if (chance < 0.06) return 'mine';
  return chance < 0.6 ? 'seat' : 'free';
}
