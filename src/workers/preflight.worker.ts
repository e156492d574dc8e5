import { config } from 'zod';
import { preflightCalls } from '../protocol/preflight.ts';
import { createPreflightHandlers } from '../services/preflight/handlers.ts';
import { serve } from './channel.ts';

// Checks configs off the main thread. See src/protocol/preflight.ts for what it can be asked.

// zod would otherwise try `new Function`, which the content security policy reports.
config({ jitless: true });

const { handlers, warmUp } = createPreflightHandlers();
serve(self as unknown as Parameters<typeof serve>[0], preflightCalls, handlers);

// One at a time between messages, so that nobody waits for more than one of them.
function practise(): void {
  warmUp.shift()?.();
  if (warmUp.length > 0) setTimeout(practise);
}
setTimeout(practise);
