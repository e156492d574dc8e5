import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { expect, test } from 'vitest';
import { API_PREFIX } from '../src/protocol/version.ts';
import { temporaryFolder, testServer } from './testing/fixture.ts';
import type { TlsFiles } from './tls.ts';

function hasOpenssl(): boolean {
  try {
    execFileSync('openssl', ['version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

async function certificate(name: string): Promise<TlsFiles> {
  const folder = await temporaryFolder();
  const files = { cert: join(folder, 'cert.pem'), key: join(folder, 'key.pem') };
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=DNS:localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', files.key, '-out', files.cert], {
    stdio: 'ignore',
  });
  return files;
}

interface Reply {
  readonly status: number | undefined;
  readonly subject: string | string[] | undefined;
  readonly cookies: readonly string[];
}

function ask(port: number, ca: Buffer, method = 'GET', headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const address = {
      host: 'localhost',
      port,
      path: `${API_PREFIX}/session`,
      method,
      headers,
      ca,
      agent: false,
    };
    get(address, (response) => {
      const subject = (response.socket as TLSSocket).getPeerCertificate().subject.CN;
      response.resume();
      response.on('end', () =>
        resolve({ status: response.statusCode, subject, cookies: response.headers['set-cookie'] ?? [] }),
      );
    }).on('error', reject);
  });
}

test('over TLS: pages of https are its own, cookies are bound to it, a renewed certificate is taken', async (context) => {
  if (!hasOpenssl()) context.skip('openssl is not installed (apt install openssl)');
  const tls = await certificate('first');
  const server = await testServer({ auth: 'on', tls });
  expect(server.url).toBe(`https://localhost:${server.port}`);
  const first = await readFile(tls.cert);
  expect(await ask(server.port, first)).toMatchObject({ status: 200, subject: 'first' });
  const out = await ask(server.port, first, 'DELETE', { origin: server.url });
  expect(out.status).toBe(200);
  expect(out.cookies[0]).toMatch(/^__Host-anneal_user=;.*; Secure$/);
  const plain = await ask(server.port, first, 'DELETE', { origin: `http://localhost:${server.port}` });
  expect(plain.status).toBe(403);

  const renewed = await certificate('second');
  const second = await readFile(renewed.cert);
  await writeFile(tls.cert, second);
  await writeFile(tls.key, await readFile(renewed.key));
  server.reloadCertificate();
  expect(await ask(server.port, second)).toMatchObject({ status: 200, subject: 'second' });
  await writeFile(tls.cert, 'no certificate');
  expect(() => server.reloadCertificate()).toThrow('cannot be used');
  expect(await ask(server.port, second)).toMatchObject({ subject: 'second' });
});

test('a certificate that is none stops the start and says so', async () => {
  const folder = await temporaryFolder();
  const tls = { cert: join(folder, 'none.pem'), key: join(folder, 'none.pem') };
  await expect(testServer({ tls })).rejects.toMatchObject({ code: 'ANN-SRV-036' });
  await writeFile(tls.cert, 'no certificate');
  await expect(testServer({ tls })).rejects.toMatchObject({ code: 'ANN-SRV-036' });
});
