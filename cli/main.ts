import { AnnealError } from '../src/base/error.ts';
import { type Command, EXIT } from './io.ts';

interface Entry {
  readonly usage: string;
  readonly about: string;
  readonly load: () => Promise<{ readonly run: Command }>;
}

/** Loaded when called, so that `validate` does not pay for the engine of `train`. */
const commands: Readonly<Record<string, Entry>> = {
  validate: {
    usage: 'validate FILE [--data PATH] [--device D] [--json]',
    about: 'say what is wrong with a config and what it would cost',
    load: () => import('./commands/validate.ts'),
  },
  train: {
    usage: 'train FILE [--data PATH] [--device D] [--steps N] [--out DIR] [--resume] [--json]',
    about: 'train what a config describes',
    load: () => import('./commands/train.ts'),
  },
  sample: {
    usage: 'sample DIR [--prompt T]... [--max-new-tokens N] [--seed S] [--json]',
    about: 'let a model write',
    load: () => import('./commands/sample.ts'),
  },
  verify: {
    usage: 'verify FIXTURE.safetensors [--device D] [--json]',
    about: 'compare a device with PyTorch',
    load: () => import('./commands/verify.ts'),
  },
  backup: {
    usage: 'backup DIR [--data .anneal]',
    about: 'copy the data folder of a server, also while it runs',
    load: () => import('./commands/backup.ts'),
  },
  restore: {
    usage: 'restore DIR [--data .anneal] [--audit-key FILE]',
    about: 'make a data folder of a backup',
    load: () => import('./commands/restore.ts'),
  },
  audit: {
    usage: 'audit verify [--data .anneal] [--audit-key FILE]... [--json]',
    about: 'say whether the audit log is whole, and where it is not',
    load: () => import('./commands/audit.ts'),
  },
  keys: {
    usage: 'keys rotate [--data .anneal] [--json]',
    about: 'seal everything that is stored with new keys',
    load: () => import('./commands/keys.ts'),
  },
  artifacts: {
    usage: 'artifacts collect [--dry-run] [--workspace W] [--grace-hours N] [--server URL] [--json]',
    about: 'remove the artifacts of a server that nothing refers to',
    load: () => import('./commands/artifacts.ts'),
  },
  bench: {
    usage: 'bench NAME [OPTIONS] [--json]',
    about: 'measure, and say whether the bars hold',
    load: () => import('./commands/bench.ts'),
  },
};

function usage(): string {
  const width = Math.max(...Object.values(commands).map((entry) => entry.usage.length));
  const lines = Object.values(commands).map(
    (entry) => `  anneal ${entry.usage.padEnd(width)}  ${entry.about}`,
  );
  return `Usage:\n${lines.join('\n')}\n\nExit codes: 0 fine, 1 errors found, 2 usage, 3 failed while running.\n`;
}

async function main(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(usage());
    return name === undefined ? EXIT.usage : EXIT.fine;
  }
  const entry = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (entry === undefined) {
    process.stderr.write(`There is no command "${name}".\n${usage()}`);
    return EXIT.usage;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(`Usage: anneal ${entry.usage}\n  ${entry.about}\n`);
    return EXIT.fine;
  }
  try {
    const { run } = await entry.load();
    return await run(rest, { stdout: process.stdout, stderr: process.stderr });
  } catch (error) {
    process.stderr.write(explain(error));
    return EXIT.failed;
  }
}

function explain(error: unknown): string {
  if (!(error instanceof AnnealError)) return `${error instanceof Error ? error.stack : String(error)}\n`;
  const where = error.where === undefined ? '' : ` (${error.where})`;
  return `${error.code} ${error.message}${where}\n  ${error.fix}\n`;
}

// Everything printed must be flushed before the process ends, also into a pipe.
process.exitCode = await main(process.argv.slice(2));
process.stdout.write('', () => process.stderr.write('', () => process.exit()));
