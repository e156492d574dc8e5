import { expect, test } from 'vitest';
import { currentCommands, registerCommands, subscribeCommands } from './commands.ts';

const command = (id: string, label: string) => ({ id, label, group: 'Test', run: () => undefined });

test('the last one registered under an id wins until it leaves', () => {
  const heard: string[] = [];
  const stop = subscribeCommands(() =>
    heard.push(
      currentCommands()
        .map((c) => c.label)
        .join(),
    ),
  );
  const first = registerCommands([command('go', 'first')]);
  const second = registerCommands([command('go', 'second'), command('other', 'other')]);
  second.dispose();
  first.dispose();
  stop();
  registerCommands([command('late', 'late')]).dispose();
  expect(heard).toEqual(['first', 'second,other', 'first', '']);
});
