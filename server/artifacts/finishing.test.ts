import { createHash, randomBytes } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { testServer } from '../testing/fixture.ts';
import { ArtifactStore } from './artifact-store.ts';

const CLIENT = { 'tus-resumable': '1.0.0', 'anneal-client': 'client-one' };

/** An upload, and what a client asks of the server about it. */
async function uploading() {
  const { url } = await testServer();
  const right = randomBytes(50_000);
  const sha256 = createHash('sha256').update(right).digest('hex');
  const ask = (method: string, path: string, headers: Record<string, string> = {}, body?: Buffer) =>
    fetch(`${url}/api/v1/uploads${path}`, {
      method,
      headers: { ...CLIENT, ...headers },
      ...(body === undefined ? {} : { body: new Uint8Array(body) }),
    });
  const metadata = `sha256 ${Buffer.from(sha256).toString('base64')}`;
  return {
    right,
    begin: () => ask('POST', '', { 'upload-length': '50000', 'upload-metadata': metadata }),
    head: () => ask('HEAD', `/${sha256}`),
    forget: () => ask('DELETE', `/${sha256}`),
    send: (body: Buffer) => {
      const type = 'application/offset+octet-stream';
      return ask('PATCH', `/${sha256}`, { 'upload-offset': '0', 'content-type': type }, body);
    },
    stored: async () => Buffer.from(await (await fetch(`${url}/api/v1/artifacts/${sha256}`)).arrayBuffer()),
  };
}

/** Holds what makes artifacts of uploads, once it was asked to. */
function heldPublishing() {
  const [asked, held] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const { publish } = ArtifactStore.prototype;
  const spy = vi.spyOn(ArtifactStore.prototype, 'publish');
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation(async function (this: ArtifactStore, ...given) {
    asked.resolve();
    await held.promise;
    return publish.apply(this, given);
  });
  return { spy, asked: asked.promise, goOn: held.resolve };
}

test('nobody forgets an upload or begins it anew while its last chunk is being made an artifact', async () => {
  const upload = await uploading();
  const publishing = heldPublishing();
  expect((await upload.begin()).status).toBe(201);
  const sent = upload.send(upload.right);
  await publishing.asked;
  expect((await upload.forget()).status).toBe(423);
  expect((await upload.begin()).status).toBe(423);
  publishing.goOn();
  expect((await sent).status).toBe(204);
  expect((await upload.stored()).equals(upload.right)).toBe(true);
  expect((await upload.begin()).status).toBe(201); // there already
});

test('nor while it is made one because somebody asks how far it is', async () => {
  const upload = await uploading();
  const publishing = heldPublishing();
  publishing.spy.mockRejectedValueOnce(new Error('the server is stopped here'));
  expect((await upload.begin()).status).toBe(201);
  expect((await upload.send(upload.right)).status).toBe(500);
  const asked = upload.head();
  await publishing.asked;
  expect((await upload.forget()).status).toBe(423);
  expect((await upload.begin()).status).toBe(423);
  publishing.goOn();
  expect((await asked).status).toBe(200);
  expect((await upload.stored()).equals(upload.right)).toBe(true);
});
