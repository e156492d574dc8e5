import { stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { temporaryFolder, testServer } from '../testing/fixture.ts';
import { ControlClient } from './control-client.ts';
import { controlPath } from './control-path.ts';

test('lines that are no commands are refused one by one, and the server goes on', async () => {
  const { dataDir } = await testServer();
  const socket = connect(controlPath(dataDir) ?? '');
  onTestFinished(() => void socket.destroy());
  const answers = createInterface(socket)[Symbol.asyncIterator]();
  const line = fc.oneof(
    fc.string(),
    fc.json(),
    fc.constantFrom('{"command":"stop"}', '{"command":"audit"}', '[]'),
  );
  await fc.assert(
    fc.asyncProperty(line, async (text) => {
      socket.write(`${text.replace(/[\r\n\u2028\u2029]/g, '')}\n`);
      const { value } = await answers.next();
      expect(JSON.parse(String(value))).toMatchObject({ facts: { code: protocolErrors.badRequest.code } });
    }),
  );
  const client = await ControlClient.connect(dataDir);
  const entries = await client?.call({ command: 'audit', after: 0, limit: 1 });
  expect(entries).toMatchObject([{ action: 'server.started' }]);
  client?.close();
});

test('nobody else may open the socket, and it goes with the server', async () => {
  const server = await testServer();
  const path = join(server.dataDir, 'control.sock');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  await server.close();
  expect(await ControlClient.connect(server.dataDir)).toBeNull();
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});

test('a folder whose path is too long for a socket has a server all the same', async () => {
  const dataDir = join(await temporaryFolder(), 'x'.repeat(120));
  expect(controlPath(dataDir)).toBeNull();
  const { url } = await testServer({ dataDir });
  expect((await fetch(`${url}/ready`)).status).toBe(200);
  expect(await ControlClient.connect(dataDir)).toBeNull();
});
