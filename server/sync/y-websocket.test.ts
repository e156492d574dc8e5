import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { WebsocketProvider } from 'y-websocket';
import * as Y from 'yjs';
import { ACK_SUBPROTOCOL } from '../../src/protocol/sync.ts';
import { openCutProxy } from '../testing/cut-proxy.ts';
import { SAMPLE_CONFIG, testServer } from '../testing/fixture.ts';

/** The client of others, as it is published: whoever speaks y-websocket can join. */
function provide(url: string, room: string, protocols: string[] = []): WebsocketProvider {
  const provider = new WebsocketProvider(`${url.replace('http', 'ws')}/sync`, room, new Y.Doc(), {
    WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
    disableBc: true,
    protocols,
  });
  onTestFinished(() => provider.destroy());
  return provider;
}

const synced = (provider: WebsocketProvider): Promise<void> =>
  new Promise((resolve) => provider.on('sync', (state) => void (state && resolve())));

test('y-websocket works as it is: text, cursors, and coming back after the server was away', async () => {
  const errors = vi.spyOn(console, 'error');
  onTestFinished(() => errors.mockRestore());
  const first = await testServer({ allowHosts: ['127.0.0.1'] });
  const proxy = await openCutProxy(first.port); // the next one may find its port taken
  onTestFinished(() => proxy.close());
  const [ada, bob] = [provide(proxy.url, 'sample/anneal.yaml'), provide(proxy.url, 'sample/anneal.yaml')];
  await Promise.all([synced(ada), synced(bob)]);
  expect(bob.doc.getText('content').toString()).toBe(SAMPLE_CONFIG);
  const seen = new Promise<void>((resolve) => {
    bob.awareness.on('change', () => {
      if (bob.awareness.getStates().get(ada.doc.clientID)?.user?.name === 'Ada') resolve();
    });
  });
  ada.awareness.setLocalStateField('user', { name: 'Ada', color: '#ff0000' });
  await seen;
  await first.close();
  ada.doc.getText('content').insert(0, '# offline\n');
  const back = Promise.all([synced(ada), synced(bob)]);
  proxy.retarget((await testServer({ dataDir: first.dataDir, allowHosts: ['127.0.0.1'] })).port);
  await back;
  await expect.poll(() => bob.doc.getText('content').toString()).toBe(`# offline\n${SAMPLE_CONFIG}`);
  expect(errors).not.toHaveBeenCalled();
});

test('y-websocket gives up where it should', async () => {
  const { url } = await testServer();
  const provider = provide(url, 'nobody/anneal.yaml', [ACK_SUBPROTOCOL]);
  const closed = await new Promise<{ code: number }>((resolve) => provider.on('closed', resolve));
  expect(closed.code).toBe(4404);
  expect(provider.shouldConnect).toBe(false);
});
