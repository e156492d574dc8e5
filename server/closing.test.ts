import { expect, test } from 'vitest';
import { Closing } from './closing.ts';

test('what was opened last is closed first, one after the other', async () => {
  const closing = new Closing();
  const events: string[] = [];
  for (const name of ['database', 'rooms', 'sockets']) {
    closing.add(async () => {
      events.push(`${name} close`);
      await Promise.resolve();
      events.push(`${name} closed`);
    });
  }
  await closing.close();
  expect(events).toEqual(
    ['sockets', 'rooms', 'database'].flatMap((name) => [`${name} close`, `${name} closed`]),
  );
});

test('a step that fails keeps none of the others from being taken, and is told at the end', async () => {
  const closing = new Closing();
  const closed: string[] = [];
  closing.add(() => closed.push('database'));
  closing.add(() => Promise.reject(new Error('the disk is full')));
  closing.add(() => closed.push('rooms'));
  await expect(closing.close()).rejects.toThrow('the disk is full');
  expect(closed).toEqual(['rooms', 'database']);
});

test('of several failures none is lost', async () => {
  const closing = new Closing();
  const failures = [new Error('first opened'), new Error('last opened')];
  for (const failure of failures) {
    closing.add(() => {
      throw failure;
    });
  }
  await expect(closing.close()).rejects.toMatchObject({ errors: failures.toReversed() });
});

test('whoever asks again waits for the same end, and nothing is closed twice', async () => {
  const closing = new Closing();
  let times = 0;
  let end = (): void => undefined;
  closing.add(async () => {
    times += 1;
    await new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  const first = closing.close();
  const second = closing.close();
  let over = false;
  void second.then(() => {
    over = true;
  });
  await Promise.resolve();
  expect(over).toBe(false);
  end();
  await Promise.all([first, second]);
  expect(times).toBe(1);
});
