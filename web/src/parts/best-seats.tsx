import { useState } from 'react';
import { Button, Group, Input, Label, NumberField } from 'react-aria-components';
import { useTexts } from '../texts/texts.ts';
import type { FullEvent } from './event-types.ts';
import { Icon } from './icons.tsx';
import type { Wanted } from './price-filter.tsx';

type Props = {
  readonly event: FullEvent;
  readonly wanted: Wanted;
  readonly isHolding: boolean;
  readonly hold: (wish: { quantity: number; priceLevel?: string; accessible?: boolean }) => void;
};

/** The server chooses seats together, so that two fans who ask at once get different ones. */
export function BestSeats({ event, wanted, isHolding, hold }: Props) {
  const texts = useTexts();
  const [quantity, setQuantity] = useState(2);
  const [tier] = wanted.tiers.length === 1 ? wanted.tiers : [];
  return (
    <section className="best">
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
        onPress={() => hold({ quantity, ...(tier && { priceLevel: tier }), accessible: wanted.wheelchair === true })}
      >
        {isHolding ? texts.holding : texts.bestSeats}
      </Button>
    </section>
  );
}
