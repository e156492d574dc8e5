import { afterEach, describe, expect, it } from 'vitest';
import { SAMPLE } from '../domain/config/testing/configs.ts';
import { preflight } from '../domain/preflight/preflight.ts';
import { NO_PROFILES } from '../domain/preflight/report.ts';
import { preflightCalls } from '../protocol/preflight.ts';
import { connect } from './channel.ts';

describe('the pre-flight worker', () => {
  let worker: Worker | null = null;
  afterEach(() => worker?.terminate());

  it('answers as the plain function does, for any text', async () => {
    worker = new Worker(new URL('./preflight.worker.ts', import.meta.url), { type: 'module' });
    const client = connect(worker, preflightCalls);
    for (const text of [SAMPLE, SAMPLE.replace('128', '130'), '', 'a: [', '\0', SAMPLE]) {
      const report = await client.call('check', { text, profiles: NO_PROFILES });
      expect(report).toEqual(preflight(text, NO_PROFILES));
    }
    client.close();
  });
});
