// One SVG circle for each seat, and a view box that moves.
import { COLOURS, follow, radiusOf, readMap, useWheelAndDrag, wholePlan } from './feed.js';

const SVG = 'http://www.w3.org/2000/svg';
const { layout, codes, version } = await readMap();
const { x, y } = layout.seats;
const svg = document.createElementNS(SVG, 'svg');
const radius = radiusOf(layout);
const circles = codes.map((code, seatNo) => {
  const circle = document.createElementNS(SVG, 'circle');
  circle.setAttribute('cx', x[seatNo]);
  circle.setAttribute('cy', y[seatNo]);
  circle.setAttribute('r', radius);
  circle.setAttribute('fill', COLOURS[code]);
  return circle;
});
svg.append(...circles);
document.getElementById('map').append(svg);
const view = wholePlan(layout);
const show = () =>
  svg.setAttribute('viewBox', `${view.x} ${view.y} ${innerWidth / view.scale} ${innerHeight / view.scale}`);
show();
useWheelAndDrag(svg, view, show);
const listeners = [];
const feed = follow(
  version,
  (seatNo, code) => circles[seatNo]?.setAttribute('fill', COLOURS[code]),
  () => {
    for (const act of listeners) act();
  },
);
globalThis.benchMap = {
  isReady: () => true,
  target: () => svg,
  near(seatNo) {
    view.scale = 4 / radius;
    view.x = x[seatNo] - innerWidth / 2 / view.scale;
    view.y = y[seatNo] - innerHeight / 2 / view.scale;
    show();
  },
  version: () => feed.version,
  onChange: (act) => listeners.push(act),
  rendererName: () => 'SVG',
};
