import type { ReactNode } from 'react';
import { Button } from 'react-aria-components';
import { useTexts } from '../texts/texts.ts';

type RowsProps<T> = {
  items: readonly T[];
  children: (item: T) => ReactNode;
  /** Where the next page begins; null on the last one. */
  next: string | null | undefined;
  onMore: (after: string) => void;
};

/** A list with a button for more of it. */
export function Rows<T extends { id: string }>({ items, children, next, onMore }: RowsProps<T>) {
  const texts = useTexts();
  return (
    <>
      <ul className="rows">
        {items.map((item) => (
          <li key={item.id}>{children(item)}</li>
        ))}
      </ul>
      {next && (
        <Button className="button more" onPress={() => onMore(next)}>
          {texts.more}
        </Button>
      )}
    </>
  );
}
