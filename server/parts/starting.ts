import type { Clock } from '../../src/base/clock.ts';
import type { Closing } from '../closing.ts';
import type { ServerOptions } from '../options.ts';

/** What every part of a server that starts is given. */
export interface Starting {
  readonly options: ServerOptions;
  readonly clock: Clock;
  readonly log: (line: string) => void;
  /** Each part puts in what closes it, in the moment when it is open. */
  readonly closing: Closing;
}
