import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import './app.css';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { config } from 'zod';
import { App } from './app.tsx';
import { composeServices } from './compose.ts';

// zod would otherwise try `new Function`, which the content security policy reports.
config({ jitless: true });

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root.');

/** What cannot be mended from inside of the page is said in plain words instead of a blank one. */
function explain(element: HTMLElement, message: string): void {
  const paragraph = document.createElement('p');
  paragraph.textContent = message;
  paragraph.setAttribute('role', 'alert');
  paragraph.style.cssText =
    'max-width: 40em; margin: 15vh auto; padding: 0 16px; font: 16px/1.5 system-ui, sans-serif';
  element.replaceChildren(paragraph);
}

if (!window.isSecureContext) {
  explain(
    root,
    'Anneal keeps texts and trains models in the browser, which browsers allow on https and on localhost only. Open it at http://localhost, or publish it through a proxy with https.',
  );
} else {
  try {
    const services = composeServices();
    createRoot(root).render(
      <StrictMode>
        <App services={services} />
      </StrictMode>,
    );
  } catch (thrown) {
    explain(
      root,
      `Anneal could not start: ${thrown instanceof Error ? thrown.message : String(thrown)}. If site data is blocked for this address, allow it and reload.`,
    );
    throw thrown;
  }
}
