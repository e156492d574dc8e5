import { describe, expect, it } from 'vitest';
import { SAMPLE } from '../../domain/config/testing/configs.ts';
import { preflight } from '../../domain/preflight/preflight.ts';
import { NO_PROFILES } from '../../domain/preflight/report.ts';
import { preflightCalls } from '../../protocol/preflight.ts';
import { connect, type Endpoint, serve } from '../../workers/channel.ts';
import { createPreflightHandlers } from './handlers.ts';

describe('pre-flight through a channel', () => {
  it('gives the answers of the plain functions', async () => {
    const { port1, port2 } = new MessageChannel();
    const { handlers, warmUp } = createPreflightHandlers();
    warmUp[0]?.();
    const stop = serve(port2 as unknown as Endpoint, preflightCalls, handlers);
    const client = connect(port1 as unknown as Endpoint, preflightCalls);
    try {
      const profiles = { ...NO_PROFILES, sources: ['a.txt'] };
      for (const text of [SAMPLE, SAMPLE.replace('128', '130'), 'a: [', '']) {
        expect(await client.call('check', { text, profiles })).toEqual(preflight(text, profiles));
      }
      const position = { line: 0, character: 0 };
      expect((await client.call('complete', { text: '', position })).map(({ label }) => label)).toContain(
        'model',
      );
      expect((await client.call('hover', { text: SAMPLE, position }))?.markdown).toContain('Project');
    } finally {
      client.close();
      stop();
      port1.close();
    }
  });
});
