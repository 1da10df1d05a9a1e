import { FrontrowSeatmap } from './element.ts';

/** Defines `<frontrow-seatmap>`, once for a page. */
if (!customElements.get('frontrow-seatmap')) customElements.define('frontrow-seatmap', FrontrowSeatmap);

declare global {
  interface HTMLElementTagNameMap {
    'frontrow-seatmap': FrontrowSeatmap;
  }
}
