import '@frontrow/seatmap';
import type { FrontrowSeatmap, SelectDetail } from '@frontrow/seatmap/element';
import { useEffect, useRef, useState } from 'react';
import { requestHeaders } from '../api/headers.ts';
import { socket } from '../api/socket.ts';
import { useLanguage } from '../texts/texts.ts';

export type MapRefusal = { readonly code: string; readonly message: string };
type Chosen = SelectDetail;

export type SeatMapProps = {
  readonly eventId: string;
  readonly most: number;
  /** Blocked seats can be chosen: at the box office, or with a code that may open them. */
  readonly takesBlocked?: boolean;
  /** The element, once its map is there. */
  readonly ready: (element: FrontrowSeatmap) => void;
  readonly chosen: (detail: Chosen) => void;
  /** A section of general admission was pressed. */
  readonly pressedSection: (section: { id: string; label: string }) => void;
  readonly refused: (refusal: MapRefusal) => void;
};

/** The custom element of the package, with the socket and the session of this client. */
export function SeatMap(props: SeatMapProps) {
  const { eventId, most, takesBlocked = false } = props;
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef(props);
  latest.current = props;
  const language = useLanguage();
  const [element, setElement] = useState<FrontrowSeatmap>();
  useEffect(() => {
    const made = document.createElement('frontrow-seatmap');
    made.connection = { headers: requestHeaders, socket };
    made.setAttribute('event', eventId);
    made.addEventListener('seatmap-ready', () => latest.current.ready(made));
    made.addEventListener('seatmap-select', (event) => latest.current.chosen((event as CustomEvent<Chosen>).detail));
    made.addEventListener('seatmap-error', (event) =>
      latest.current.refused((event as CustomEvent<MapRefusal>).detail),
    );
    made.addEventListener('seatmap-section', (event) =>
      latest.current.pressedSection((event as CustomEvent<{ id: string; label: string }>).detail),
    );
    place.current?.replaceChildren(made);
    setElement(made);
    return () => made.remove();
  }, [eventId]);
  useEffect(() => {
    if (!element) return;
    element.lang = language;
    element.setAttribute('most', String(most));
    element.toggleAttribute('blocked', takesBlocked);
  }, [element, language, most, takesBlocked]);
  return <div className="map" ref={place} />;
}
