import { expect, test } from 'vitest';
import { protocolErrors } from '../protocol/errors.ts';
import { CloseCode } from '../protocol/sync.ts';
import { admittedSocket } from './admitted-socket.ts';

class Opened {
  static all: Opened[] = [];
  readyState = 0;
  binaryType = 'blob';
  sent: unknown[] = [];
  closed = false;
  onopen: ((event: Event) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  readonly protocols: readonly string[];
  constructor(_url: string, protocols: readonly string[]) {
    this.protocols = protocols;
    Opened.all.push(this);
  }
  send(data: unknown): void {
    this.sent.push(data);
  }
  close(): void {
    this.closed = true;
  }
}
const Base = Opened as unknown as typeof WebSocket;
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));

test('every attempt offers a ticket of its own beside what it offers anyway', async () => {
  Opened.all = [];
  let count = 0;
  const Socket = admittedSocket(Base, async () => [`anneal.ticket.${++count}`]);
  const first = new Socket('ws://test', ['anneal.ack.1']);
  expect(first.readyState).toBe(0);
  expect(Opened.all).toEqual([]);
  await settled();
  new Socket('ws://test', ['anneal.ack.1']);
  await settled();
  expect(Opened.all.map(({ protocols }) => protocols)).toEqual([
    ['anneal.ack.1', 'anneal.ticket.1'],
    ['anneal.ack.1', 'anneal.ticket.2'],
  ]);
});

test('events, bytes and the end go through', async () => {
  Opened.all = [];
  const Socket = admittedSocket(Base, async () => []);
  const socket = new Socket('ws://test');
  const heard: unknown[] = [];
  socket.onopen = () => heard.push('open');
  socket.onclose = ({ code }) => heard.push(code);
  await settled();
  const [inner] = Opened.all;
  if (inner === undefined) throw new Error('Nothing was opened.');
  inner.readyState = 1;
  inner.onopen?.(new Event('open'));
  expect(socket.readyState).toBe(1);
  expect(inner.binaryType).toBe('arraybuffer');
  socket.send('x');
  inner.onclose?.({ code: 4410, reason: '' });
  socket.close();
  expect(heard).toEqual(['open', 4410]);
  expect(inner.sent).toEqual(['x']);
  expect(inner.closed).toBe(true);
});

test('without a ticket it closes as the server would have', async () => {
  Opened.all = [];
  const closes: (readonly [number, string])[] = [];
  const cases = [
    protocolErrors.notSignedIn(),
    protocolErrors.projectNotFound(),
    protocolErrors.forbidden(),
    protocolErrors.unreachable(),
    new Error('no such luck'),
  ];
  for (const thrown of cases) {
    const Socket = admittedSocket(Base, () => Promise.reject(thrown));
    new Socket('ws://test').onclose = ({ code, reason }) => closes.push([code, reason]);
  }
  await settled();
  expect(closes).toEqual([
    [CloseCode.unauthorized, 'You are not signed in'],
    [CloseCode.projectNotFound, 'There is no such project'],
    [CloseCode.forbidden, 'Your role does not allow this'],
    [1006, 'The server cannot be reached'],
    [1006, 'no such luck'],
  ]);
  expect(Opened.all).toEqual([]);
});

test('who gives up while the ticket is on its way opens nothing', async () => {
  Opened.all = [];
  const Socket = admittedSocket(Base, async () => ['anneal.ticket.1']);
  const socket = new Socket('ws://test');
  socket.close();
  await settled();
  expect(Opened.all).toEqual([]);
  expect(socket.readyState).toBe(3);
});
