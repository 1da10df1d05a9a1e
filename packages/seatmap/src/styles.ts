/** The style of the element. Each colour is a custom property that the page may set. */
export const STYLES = `
:host {
  --frontrow-surface: #ffffff; --frontrow-text: #16181d; --frontrow-muted: #5a6272; --frontrow-line: #c9ced8;
  --frontrow-held: #b45309; --frontrow-booked: #8a91a0; --frontrow-selected: #111827; --frontrow-accent: #0b57d0;
  --frontrow-tier-1: #3b6fd4; --frontrow-tier-2: #127a6e; --frontrow-tier-3: #8a5cc7; --frontrow-tier-4: #b84774;
  --frontrow-tier-5: #5f721b; --frontrow-tier-6: #2f7398; --frontrow-tier-7: #955720; --frontrow-tier-8: #64748b;
  display: block; position: relative; overflow: hidden; min-height: 320px; color: var(--frontrow-text);
  background: var(--frontrow-surface); font: 14px/1.4 system-ui, sans-serif; contain: content; container-type: inline-size;
}
:host([theme="dark"]) {
  --frontrow-surface: #14171d; --frontrow-text: #eef1f6; --frontrow-muted: #a6aebd; --frontrow-line: #3b4250;
  --frontrow-held: #f0a54a; --frontrow-booked: #6d7583; --frontrow-selected: #ffffff; --frontrow-accent: #8ab4ff;
  --frontrow-tier-1: #6d9bf5; --frontrow-tier-2: #3fbfae; --frontrow-tier-3: #b490ee; --frontrow-tier-4: #ec86af;
  --frontrow-tier-5: #a9bd58; --frontrow-tier-6: #7cbce0; --frontrow-tier-7: #d6965c; --frontrow-tier-8: #94a3b8;
}
@media (prefers-color-scheme: dark) {
  :host(:not([theme="light"])) {
    --frontrow-surface: #14171d; --frontrow-text: #eef1f6; --frontrow-muted: #a6aebd; --frontrow-line: #3b4250;
    --frontrow-held: #f0a54a; --frontrow-booked: #6d7583; --frontrow-selected: #ffffff; --frontrow-accent: #8ab4ff;
    --frontrow-tier-1: #6d9bf5; --frontrow-tier-2: #3fbfae; --frontrow-tier-3: #b490ee; --frontrow-tier-4: #ec86af;
    --frontrow-tier-5: #a9bd58; --frontrow-tier-6: #7cbce0; --frontrow-tier-7: #d6965c; --frontrow-tier-8: #94a3b8;
  }
}
:host([hidden]) { display: none; }
[hidden] { display: none !important; }
.stage { position: absolute; inset: 0; touch-action: none; cursor: grab; outline: none; }
.stage[data-over="seat"] { cursor: pointer; }
.stage[data-moving] { cursor: grabbing; }
.stage:focus-visible { box-shadow: inset 0 0 0 3px var(--frontrow-accent); }
canvas { position: absolute; inset: 0; width: 100%; height: 100%; pointer-events: none; }
.minimap { inset: auto auto 12px 12px; width: 132px; height: 104px; border: 1px solid var(--frontrow-line); border-radius: 10px;
  background: var(--frontrow-surface); pointer-events: auto; cursor: pointer; }
.tools { position: absolute; inset-block-start: 12px; inset-inline-end: 12px; display: flex; flex-direction: column; gap: 8px; }
button { font: inherit; color: inherit; background: var(--frontrow-surface); border: 1px solid var(--frontrow-line);
  border-radius: 10px; min-width: 44px; min-height: 44px; padding: 0 12px; cursor: pointer; }
button:hover { border-color: var(--frontrow-muted); }
button:focus-visible { outline: 3px solid var(--frontrow-accent); outline-offset: 2px; }
.tools button { display: grid; place-items: center; padding: 0; }
svg { width: 20px; height: 20px; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; }
.tip { position: absolute; pointer-events: none; max-width: 240px; padding: 8px 12px; border-radius: 10px; z-index: 2;
  background: var(--frontrow-text); color: var(--frontrow-surface); font-size: 13px; box-shadow: 0 6px 20px rgb(0 0 0 / 0.25); }
.tip b { display: block; font-weight: 600; }
.note { position: absolute; inset-block-start: 12px; inset-inline: 12px 68px; width: fit-content; max-width: calc(100% - 92px);
  padding: 8px 14px; border-radius: 10px; background: var(--frontrow-surface); border: 1px solid var(--frontrow-line); }
.empty { position: absolute; inset: 0; display: grid; place-items: center; padding: 24px; text-align: center; color: var(--frontrow-muted); }
.list { position: absolute; inset: 0; overflow: auto; padding: 12px 68px 12px 12px; background: var(--frontrow-surface); }
:host(:dir(rtl)) .list { padding: 12px 12px 12px 68px; }
.list h2 { font-size: 16px; margin: 0; }
.head { display: flex; align-items: center; gap: 12px; min-height: 44px; margin-block-end: 8px; }
.items { display: grid; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); gap: 8px; margin: 0; padding: 0; list-style: none; }
.items button { width: 100%; text-align: start; display: flex; justify-content: space-between; gap: 12px; align-items: center; padding: 8px 14px; }
.items small { color: var(--frontrow-muted); font-size: 13px; text-align: end; }
.items button[aria-pressed="true"] { border: 2px solid var(--frontrow-accent); font-weight: 600; }
.items button[aria-disabled="true"] { background: transparent; border-style: dashed; cursor: default; color: var(--frontrow-muted); }
.out { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@container (max-width: 560px) { .tools { flex-direction: row; inset-block: auto 12px; } .minimap { display: none; }
  .list { padding: 12px 12px 72px; } .note { inset-inline-end: 12px; max-width: none; } }
`;
