import * as encoding from 'lib0/encoding';
import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { CloseCode } from '../../src/protocol/sync.ts';
import type { RunningServer } from '../options.ts';
import { startServer } from '../server.ts';
import { Editor } from '../testing/editor.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { type Browser, memberOf, ownerOf } from '../testing/people.ts';

const PATH = 'anneal.yaml';

async function setUp(): Promise<{ server: RunningServer; ada: Browser; bob: Browser }> {
  const dataDir = await temporaryFolder();
  const server = await startServer({
    port: 0,
    studio: { kind: 'none' },
    dataDir,
    auth: 'on',
    sampleConfig: 'a: 1\n',
  });
  onTestFinished(() => server.close());
  const owner = await ownerOf(server);
  return {
    server,
    ada: await memberOf(owner, 'Ada', 'editor'),
    bob: await memberOf(owner, 'Bob', 'editor'),
  };
}

async function join(server: RunningServer, browser: Browser, doc = new Y.Doc()): Promise<Editor> {
  const { ticket } = await browser.get<{ ticket: string }>('POST', '/tickets', {
    project: 'sample',
    path: PATH,
  });
  const editor = new Editor(server.url, `/sync/sample/${PATH}`, {
    doc,
    protocols: [`anneal.ticket.${ticket}`],
  });
  await editor.untilSynced();
  return editor;
}

/** Somebody writes under the client that his editor says he writes as. */
async function write(editor: Editor, text: string): Promise<void> {
  editor.awareness.setLocalState({ user: { name: 'x', color: '#112233' } });
  editor.text.insert(0, text);
  await editor.untilStored();
}

/** What nobody wrote, where somebody's edits would go on. */
function forged(client: number, clock: number): Uint8Array {
  return encoding.encode((encoder) => {
    for (const number of [1, 1, client, clock]) encoding.writeVarUint(encoder, number);
    encoding.writeUint8(encoder, 0);
    for (const number of [1_000_000, 0]) encoding.writeVarUint(encoder, number);
  });
}

test('nobody goes on with what another writes: she comes back, and what she wrote offline is taken', async () => {
  const { server, ada, bob } = await setUp();
  const here = await join(server, ada);
  await write(here, '# ada\n');
  const { doc } = here;
  here.socket.terminate();
  await here.closed;
  for (const send of ['update', 'answer'] as const) {
    const mallory = await join(server, bob);
    const update = forged(doc.clientID, Y.getState(mallory.doc.store, doc.clientID));
    if (send === 'update') mallory.sendUpdate(update);
    else mallory.sendRaw(0, 1, update);
    expect((await mallory.closed).code).toBe(CloseCode.rotated);
  }
  doc.getText('content').insert(0, 'an hour of work\n');
  const again = await join(server, ada, doc);
  await again.untilStored();
  expect(again.text.toString()).toBe('an hour of work\n# ada\na: 1\n');
  const other = await join(server, bob);
  await other.untilText('an hour of work\n# ada\na: 1\n');
});

test('another tab of the same person sends what the first could not', async () => {
  const { server, ada } = await setUp();
  const first = await join(server, ada);
  await write(first, 'first ');
  first.socket.terminate();
  await first.closed;
  first.doc.getText('content').insert(0, 'offline ');
  const copy = new Y.Doc();
  Y.applyUpdate(copy, Y.encodeStateAsUpdate(first.doc));
  const second = await join(server, ada, copy);
  await write(second, 'second ');
  expect(second.text.toString()).toBe('second offline first a: 1\n');
  const third = await join(server, ada);
  await third.untilText('second offline first a: 1\n');
});
