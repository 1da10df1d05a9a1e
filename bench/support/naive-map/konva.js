// One Konva circle for each seat in one layer, and a stage that moves.
import { COLOURS, follow, radiusOf, readMap, useWheelAndDrag, wholePlan } from './feed.js';

const { Konva } = globalThis;
const { layout, codes, version } = await readMap();
const { x, y } = layout.seats;
const radius = radiusOf(layout);
const stage = new Konva.Stage({ container: 'map', width: innerWidth, height: innerHeight });
const layer = new Konva.Layer();
const circles = codes.map(
  (code, seatNo) => new Konva.Circle({ x: x[seatNo], y: y[seatNo], radius, fill: COLOURS[code] }),
);
layer.add(...circles);
stage.add(layer);
const view = wholePlan(layout);
function show() {
  stage.scale({ x: view.scale, y: view.scale });
  stage.position({ x: -view.x * view.scale, y: -view.y * view.scale });
  stage.batchDraw();
}
show();
const target = stage.content;
useWheelAndDrag(target, view, show);
const listeners = [];
const feed = follow(
  version,
  (seatNo, code) => circles[seatNo]?.fill(COLOURS[code]),
  () => {
    for (const act of listeners) act();
  },
);
globalThis.benchMap = {
  isReady: () => true,
  target: () => target,
  near(seatNo) {
    view.scale = 4 / radius;
    view.x = x[seatNo] - innerWidth / 2 / view.scale;
    view.y = y[seatNo] - innerHeight / 2 / view.scale;
    show();
  },
  version: () => feed.version,
  onChange: (act) => listeners.push(act),
  rendererName: () => `Konva ${Konva.version}`,
};
