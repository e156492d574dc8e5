import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from './testing/journey.ts';

/** A page of somebody else, which any browser tab may be. */
async function elsewhere(): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html');
    response.end('<!doctype html><title>Elsewhere</title>');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://localhost:${(server.address() as AddressInfo).port}`, server };
}

// Every web page that somebody has open can reach loopback; none but the studio's own may talk to the server.
test('a page of another origin is refused, whatever it tries', async ({ server, person }) => {
  await person('Ada'); // the project is there and in use
  const foreign = await elsewhere();
  const { context } = await person('Mallory');
  const page = await context.newPage();
  await page.goto(foreign.url);
  const answers = await page.evaluate(async (studio) => {
    const tried = async (path: string, init?: RequestInit): Promise<string> => {
      try {
        const response = await fetch(studio + path, init);
        return `${response.type} ${response.status} ${await response.text()}`;
      } catch (error) {
        return String(error);
      }
    };
    const socket = (path: string, protocols: string[]): Promise<string> =>
      new Promise((resolve) => {
        const one = new WebSocket(studio.replace('http', 'ws') + path, protocols);
        one.onopen = () => resolve('open');
        one.onclose = (event) => resolve(`closed ${event.code}`);
      });
    const framed = (path: string): Promise<string> =>
      new Promise((resolve) => {
        const frame = document.createElement('iframe');
        frame.onload = () => {
          try {
            resolve(frame.contentDocument?.title ?? 'unreadable');
          } catch {
            resolve('unreadable');
          }
        };
        frame.src = studio + path;
        document.body.append(frame);
      });
    const imported = (path: string): Promise<string> =>
      new Promise((resolve) => {
        const script = document.createElement('script');
        script.onload = () => resolve('ran');
        script.onerror = () => resolve('refused');
        script.src = studio + path;
        document.body.append(script);
      });
    return {
      read: await tried('/api/v1/projects'),
      opaque: await tried('/api/v1/projects', { mode: 'no-cors' }),
      create: await tried('/api/v1/projects', {
        method: 'POST',
        mode: 'no-cors',
        body: '{"name":"theirs"}',
      }),
      put: await tried(`/api/v1/artifacts/${'0'.repeat(64)}`, { method: 'PUT', body: 'x' }),
      sync: await socket('/sync/sample/anneal.yaml', []),
      spoken: await socket('/sync/sample/anneal.yaml', ['anneal.sync.v1']),
      frame: await framed('/'),
      script: await imported('/color-scheme.js'),
    };
  }, server.url);
  expect(answers.read).toMatch(/TypeError/);
  expect(answers.opaque).toMatch(/^TypeError|^opaque 0 $/); // no byte of it can be read
  expect(answers.create).toMatch(/^TypeError|^opaque 0 $/);
  expect(answers.put).toMatch(/TypeError/);
  expect(answers.sync).toBe('closed 1006');
  expect(answers.spoken).toBe('closed 1006');
  expect(answers.frame).not.toBe('Anneal');
  expect(answers.script).toBe('refused');
  const projects = await raw(server.port, {});
  expect(projects.status).toBe(200);
  expect(projects.body).not.toContain('theirs'); // the request that nobody could read did nothing either
  foreign.server.close();
  foreign.server.closeAllConnections();
});

test('a name that was rebound to loopback is refused', async ({ server }) => {
  const port = server.port;
  expect((await raw(port, {})).status).toBe(200);
  const rebound = await raw(port, { host: `evil.example:${port}` });
  expect(rebound.status).toBe(403);
  expect(JSON.parse(rebound.body)).toMatchObject({ code: 'ANN-PRO-003' });
  const foreign = await raw(port, { origin: 'https://evil.example' });
  expect(foreign.status).toBe(403);
  expect(JSON.parse(foreign.body)).toMatchObject({ code: 'ANN-PRO-002' });
  // A page without an origin of its own (a sandboxed frame, a local file) says null.
  expect((await raw(port, { origin: 'null' })).status).toBe(403);
  expect(await upgrade(port, { host: `evil.example:${port}` })).toBe(403);
  expect(await upgrade(port, { origin: 'https://evil.example' })).toBe(403);
  expect(await upgrade(port, { origin: server.url })).toBe(101);
});

function raw(
  port: number,
  headers: Record<string, string>,
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, path: '/api/v1/projects', headers }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => {
        body += part;
      });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    asked.on('error', reject);
    asked.end();
  });
}

/** The status that an upgrade to a project's text is answered with. */
function upgrade(port: number, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    const asked = request({
      host: '127.0.0.1',
      port,
      path: '/sync/sample/anneal.yaml',
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    asked.on('upgrade', (response, socket) => {
      socket.destroy();
      resolve(response.statusCode ?? 0);
    });
    asked.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    asked.on('error', reject);
    asked.end();
  });
}
