import type { Plot } from './plot.ts';
import { contest } from './plots/contest.ts';
import { cooking } from './plots/cooking.ts';
import { fear } from './plots/fear.ts';
import { garden } from './plots/garden.ts';
import { journey } from './plots/journey.ts';
import { learning } from './plots/learning.ts';
import { lost } from './plots/lost.ts';
import { mending } from './plots/mending.ts';
import { present } from './plots/present.ts';
import { quarrel } from './plots/quarrel.ts';
import { rescue } from './plots/rescue.ts';
import { weather } from './plots/weather.ts';

/** Every kind of story there is, each as likely as the others. */
export const plots: readonly Plot[] = [
  contest,
  cooking,
  fear,
  garden,
  journey,
  learning,
  lost,
  mending,
  present,
  quarrel,
  rescue,
  weather,
];
