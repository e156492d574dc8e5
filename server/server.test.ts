import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';
import { startServer } from './server.ts';
import { precompress } from './studio/precompress.ts';
import { temporaryFolder, testServer } from './testing/fixture.ts';

const main = join(import.meta.dirname, 'main.ts');

async function builtStudio(): Promise<string> {
  const dir = await temporaryFolder();
  await mkdir(join(dir, 'assets'));
  await writeFile(join(dir, 'index.html'), '<!doctype html><title>Anneal</title>');
  await writeFile(join(dir, 'sw.js'), 'self.skipWaiting()');
  await writeFile(join(dir, 'assets', 'index-Ab12Cd34.js'), `console.log("${'x'.repeat(5000)}")`);
  await writeFile(join(dir, 'assets', 'trainer.worker-Ab12Cd34.js'), 'postMessage(1)');
  await precompress(dir);
  return dir;
}

test('the studio is served with its headers: caching, compression, isolation, policy', async () => {
  const { url } = await testServer({ studio: { kind: 'dist', dir: await builtStudio() } });
  const page = await fetch(`${url}/`);
  expect(await page.text()).toContain('<title>Anneal');
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self' 'wasm-unsafe-eval';");
  expect(page.headers.get('content-security-policy')).toContain("worker-src 'self';");

  const script = await fetch(`${url}/assets/index-Ab12Cd34.js`, { headers: { 'accept-encoding': 'br' } });
  expect(script.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
  expect(script.headers.get('content-encoding')).toBe('br');
  expect(script.headers.get('content-type')).toMatch(/javascript/);
  expect(await script.text()).toHaveLength(5000 + 'console.log("")'.length);

  const trainer = await fetch(`${url}/assets/trainer.worker-Ab12Cd34.js`);
  expect(trainer.headers.get('content-security-policy')).toContain(
    "script-src 'self' 'wasm-unsafe-eval' blob:;",
  );
  expect(trainer.headers.get('content-security-policy')).toContain("worker-src 'self' blob:;");
  expect((await fetch(`${url}/sw.js`)).headers.get('cache-control')).toBe('no-cache');
});

test('addresses of screens get the page; what is missing is missing', async () => {
  const { url } = await testServer({ studio: { kind: 'dist', dir: await builtStudio() } });
  for (const path of ['/projects/sample', '/projects/sample/files/anneal.yaml', '/runs/1?tab=loss']) {
    const response = await fetch(url + path);
    expect([path, response.status]).toEqual([path, 200]);
    expect(await response.text()).toContain('<title>Anneal');
  }
  for (const path of ['/assets/gone-Ab12Cd34.js', '/gone.js', '/api/v1/gone', '/sync/sample/anneal.yaml']) {
    expect([path, (await fetch(url + path)).status]).toEqual([path, 404]);
  }
  expect((await fetch(`${url}/%2e%2e/%2e%2e/etc/passwd`)).headers.get('content-type')).not.toMatch(/plain/);
});

test('while developing, Vite serves the sources through the same guarded port', async () => {
  const root = await temporaryFolder();
  await writeFile(join(root, 'index.html'), '<!doctype html><script type="module" src="/main.ts"></script>');
  await writeFile(join(root, 'main.ts'), 'const answer: number = 42; console.log(answer);');
  const { url } = await testServer({ studio: { kind: 'vite', root } });
  const page = await fetch(`${url}/projects/sample`);
  expect(await page.text()).toContain('/@vite/client');
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(await (await fetch(`${url}/main.ts`)).text()).toContain('const answer = 42');
  expect((await fetch(`${url}/api/v1/health`)).status).toBe(200);
  expect((await fetch(`${url}/main.ts`, { headers: { origin: 'http://evil.example' } })).status).toBe(403);
});

test('a taken port, a folder in use and a studio that is not built are told with what to do', async () => {
  const { port, dataDir } = await testServer();
  const studio = { kind: 'none' } as const;
  const other = { studio, sampleConfig: 'a: 1\n', dataDir: await temporaryFolder() };
  await expect(startServer({ ...other, port })).rejects.toMatchObject({ code: 'ANN-SRV-001' });
  await expect(startServer({ ...other, port: 0, dataDir })).rejects.toMatchObject({ code: 'ANN-SRV-004' });
  const notBuilt = { kind: 'dist', dir: '/nowhere' } as const;
  await expect(startServer({ ...other, port: 0, studio: notBuilt })).rejects.toMatchObject({
    code: 'ANN-SRV-003',
  });
  const file = join(await temporaryFolder(), 'file');
  await writeFile(file, '');
  await expect(startServer({ ...other, port: 0, dataDir: file })).rejects.toMatchObject({
    code: 'ANN-SRV-008',
  });
  const blocked = await temporaryFolder();
  await mkdir(join(blocked, 'anneal.db'));
  await expect(startServer({ ...other, port: 0, dataDir: blocked })).rejects.toMatchObject({
    code: 'ANN-SRV-008',
    where: blocked,
  });
  // What failed has let go of the folder.
  const server = await startServer({ ...other, port: 0 });
  await server.close();
});

test('a damaged database is said to be one', async () => {
  const dataDir = await temporaryFolder();
  await writeFile(join(dataDir, 'anneal.db'), 'this is no database '.repeat(1000));
  await expect(
    startServer({ port: 0, dataDir, studio: { kind: 'none' }, sampleConfig: 'a: 1\n' }),
  ).rejects.toMatchObject({ code: 'ANN-SRV-005' });
});

test('the program prints its address in one line, and ends when it is asked to', async () => {
  const child = spawn(process.execPath, [
    main,
    '--port',
    '0',
    '--data',
    await temporaryFolder(),
    '--studio',
    'none',
  ]);
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  expect(line).toMatch(/^Anneal is ready at http:\/\/localhost:\d+$/);
  expect((await fetch(`${line.split(' ').pop()}/api/v1/health`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('what it keeps is for nobody else on the machine', async () => {
  const data = join(await temporaryFolder(), 'data');
  const child = spawn(process.execPath, [main, '--port', '0', '--data', data, '--studio', 'none']);
  await once(createInterface(child.stdout), 'line');
  const modes = new Map<string, number>();
  for (const name of ['.', ...(await readdir(data))])
    modes.set(name, (await stat(join(data, name))).mode & 0o077);
  child.kill('SIGTERM');
  await once(child, 'exit');
  expect(modes.size).toBeGreaterThan(3);
  expect([...modes].filter(([, mode]) => mode !== 0)).toEqual([]);
});

test.each([
  [['--port', 'http'], 2, 'ANN-SRV-009'],
  [['--nonsense'], 2, 'ANN-SRV-009'],
  [['--public-url', 'example.org'], 2, 'ANN-SRV-009'],
  [['--studio', '/nowhere', '--port', '0'], 3, 'ANN-SRV-003'],
])('%j ends with %d and says why', async (options, code, error) => {
  const child = spawn(process.execPath, [main, '--data', await temporaryFolder(), ...options]);
  let output = '';
  child.stderr.on('data', (data: Buffer) => {
    output += data.toString();
  });
  expect(await once(child, 'close')).toEqual([code, null]);
  expect(output).toContain(error);
});
