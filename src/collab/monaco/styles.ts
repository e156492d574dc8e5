import { PERSON_COLOURS } from '../colours.ts';

const rules = `
.remote-selection { background: color-mix(in srgb, var(--person) 24%, transparent); }
.remote-caret { position: relative; width: 0; border-left: 2px solid var(--person); margin-left: -1px; z-index: 5; }
.remote-caret::before { content: ''; position: absolute; top: 0; left: -5px; width: 8px; height: 100%; }
.remote-caret-name {
  position: absolute; bottom: 100%; left: -2px; padding: 0 5px; border-radius: 3px 3px 3px 0;
  font: 600 11px/16px system-ui, sans-serif; white-space: nowrap; pointer-events: none;
  max-width: 160px; overflow: hidden; text-overflow: ellipsis;
  background: var(--person); color: light-dark(#fff, #000); opacity: 0; transition: opacity 150ms;
}
.remote-caret-name[hidden] { display: none; }
.remote-caret.on-first-line .remote-caret-name { bottom: auto; top: 100%; border-radius: 0 3px 3px 3px; }
.remote-caret[data-named] .remote-caret-name, .remote-caret:hover .remote-caret-name { opacity: 1; }
@media (prefers-reduced-motion: reduce) { .remote-caret-name { transition: none; } }
${PERSON_COLOURS.map(({ light, dark }, index) => `.person-${index} { --person: light-dark(${light}, ${dark}); }`).join('\n')}
`;

let sheet: CSSStyleSheet | null = null;

/** The colours of people, and how carets look; once a page. `.person-N` sets `--person` anywhere. */
export function installPersonStyles(): void {
  if (sheet !== null) return;
  sheet = new CSSStyleSheet();
  sheet.replaceSync(rules);
  document.adoptedStyleSheets.push(sheet);
}
