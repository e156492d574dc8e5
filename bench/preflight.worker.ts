import { workerData } from 'node:worker_threads';
import { preflightCalls } from '../src/protocol/preflight.ts';
import { createPreflightHandlers } from '../src/services/preflight/handlers.ts';
import { type Endpoint, serve } from '../src/workers/channel.ts';

// The pre-flight worker of the studio, as a thread of Node.
const { handlers, warmUp } = createPreflightHandlers();
for (const practise of warmUp) practise();
serve(workerData as Endpoint, preflightCalls, handlers);
