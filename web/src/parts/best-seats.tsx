import { useState } from 'react';
import { Button, Group, Input, Label, NumberField } from 'react-aria-components';
import { counted, fill, useTexts } from '../texts/texts.ts';
import type { FullEvent } from './event-types.ts';
import { Icon } from './icons.tsx';
import type { Wanted } from './price-filter.tsx';

export type BestWish = { readonly quantity: number; readonly accessible: boolean };

type Props = {
  readonly event: FullEvent;
  readonly wanted: Wanted;
  readonly isHolding: boolean;
  /** A section of general admission that the fan has pressed. */
  readonly section: { readonly id: string; readonly label: string } | undefined;
  readonly hold: (wish: BestWish) => void;
};

/** The server chooses seats together, so that two fans who ask at once get different ones. */
export function BestSeats({ event, wanted, isHolding, section, hold }: Props) {
  const texts = useTexts();
  const [quantity, setQuantity] = useState(2);
  const button = section ? counted(texts.hold, quantity) : texts.bestSeats;
  return (
    <section className="best">
      {section && <h3>{fill(texts.section, section.label)}</h3>}
      <NumberField value={quantity} onChange={setQuantity} minValue={1} maxValue={event.seatsPerBooking}>
        <Label>{texts.howMany}</Label>
        <Group className="stepper">
          <Button slot="decrement" aria-label={texts.fewer}>
            <Icon name="minus" />
          </Button>
          <Input />
          <Button slot="increment" aria-label={texts.moreTickets}>
            <Icon name="plus" />
          </Button>
        </Group>
      </NumberField>
      <Button
        className="button wide"
        isDisabled={isHolding}
        onPress={() => hold({ quantity, accessible: wanted.wheelchair === true })}
      >
        {isHolding ? texts.holding : button}
      </Button>
    </section>
  );
}
