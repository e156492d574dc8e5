import { cp, rm } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { CloseCode } from '../../src/protocol/sync.ts';
import type { RunningServer } from '../options.ts';
import { startServer } from '../server.ts';
import { Editor } from '../testing/editor.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { Browser, memberOf, ownerOf, PASSWORD } from '../testing/people.ts';

const PATH = 'anneal.yaml';

const start = (dataDir: string): Promise<RunningServer> =>
  startServer({ port: 0, studio: { kind: 'none' }, dataDir, auth: 'on', sampleConfig: 'a: 1\n' });

async function signIn(server: RunningServer, name: string): Promise<Browser> {
  const browser = new Browser(server.url);
  await browser.get('POST', '/session', { name, password: PASSWORD });
  return browser;
}

async function join(server: RunningServer, browser: Browser, doc = new Y.Doc()): Promise<Editor> {
  const { ticket } = await browser.get<{ ticket: string }>('POST', '/tickets', {
    project: 'sample',
    path: PATH,
  });
  return new Editor(server.url, `/sync/sample/${PATH}`, { doc, protocols: [`anneal.ticket.${ticket}`] });
}

/** Viv only reads, and has heard what a crash then took away. */
async function afterCrash(): Promise<{ readonly server: RunningServer; readonly heard: Y.Doc }> {
  const dataDir = await temporaryFolder();
  const first = await start(dataDir);
  const owner = await ownerOf(first);
  await memberOf(owner, 'Viv', 'viewer');
  await first.close();
  const before = `${dataDir}-before`;
  onTestFinished(() => rm(before, { recursive: true }));
  await cp(dataDir, before, { recursive: true });
  const second = await start(dataDir);
  const writer = await join(second, await signIn(second, 'Olive'));
  await writer.untilSynced();
  const reader = await join(second, await signIn(second, 'Viv'));
  await reader.untilSynced();
  writer.text.insert(0, 'told ');
  await reader.untilText('told a: 1\n');
  await second.close();
  const server = await start(before);
  onTestFinished(() => server.close());
  return { server, heard: reader.doc };
}

test('who only reads may have heard what the server lost: it is left out, and not promised', async () => {
  const { server, heard } = await afterCrash();
  const viv = await join(server, await signIn(server, 'Viv'), heard);
  await viv.untilSynced();
  const writer = await join(server, await signIn(server, 'Olive'));
  await writer.untilText('a: 1\n');
  writer.text.insert(0, 'new ');
  await viv.until(() => viv.text.toString().includes('new '));
  expect(viv.stored).toBe(0);
  expect(writer.text.toString()).toBe('new a: 1\n');
  await viv.leave();
});

test('what is written by who only reads is refused, as the answer to step 1 too', async () => {
  const { server, heard } = await afterCrash();
  heard.getText('content').insert(0, 'mine ');
  const viv = await join(server, await signIn(server, 'Viv'), heard);
  viv.awareness.setLocalState({ user: { name: 'x', color: '#112233' } });
  viv.socket.on('open', () => viv.awareness.setLocalState({ user: { name: 'y', color: '#112233' } }));
  expect((await viv.closed).code).toBe(CloseCode.forbidden);
});
