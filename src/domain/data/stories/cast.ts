import type { Random } from '../../../base/random.ts';
import type { Slots } from './expand.ts';
import { expand } from './expand.ts';
import { animals, boys, elders, families, girls, traits } from './words/people.ts';
import { foods, pastimes, seasons, things, villages, warmPastimes, wilds } from './words/world.ts';

interface Person {
  readonly name: string;
  readonly kind: string;
  readonly he: string;
  readonly him: string;
  readonly his: string;
}

/** Two people of a story differ in name, two animals in kind too, and nobody is of a kind in `facts`. */
function person(random: Random, isAnimal: boolean, facts: string, taken?: Person): Person {
  const isGirl = random.below(2) === 0;
  for (;;) {
    const name = random.pick(isGirl ? girls : boys);
    const kind = isAnimal ? random.pick(animals) : isGirl ? 'girl' : 'boy';
    if (name === taken?.name || (isAnimal && (kind === taken?.kind || facts.includes(kind)))) continue;
    return isGirl
      ? { name, kind, he: 'she', him: 'her', his: 'her' }
      : { name, kind, he: 'he', him: 'him', his: 'his' };
  }
}

/** Two of the list that differ. */
function two(random: Random, list: string): [string, string] {
  const all = list.split(', ');
  const first = random.below(all.length);
  const second = (first + 1 + random.below(all.length - 1)) % all.length;
  return [all[first] ?? '', all[second] ?? ''];
}

/**
 * Everything that stays the same in one story: who, where, when, and the thing it is about. `facts` are those
 * of the plot, which nobody in the cast may double; its `only` names the season that it needs, if it needs one.
 */
export function cast(random: Random, facts: Slots): Slots {
  const text = Object.values(facts).join(' ').toLowerCase();
  const isAnimal = random.below(5) < 3;
  const hero = person(random, isAnimal, text);
  const friend = person(random, isAnimal, text, hero);
  const elder = random.pick(elders.filter((one) => !text.includes(one.elder.split(' ').at(-1) ?? '')));
  const { trait, shows } = random.pick(traits);
  const { home, area, places } = random.pick(isAnimal ? wilds : villages);
  const [place, place2] = two(random, places);
  const { season, sign, weather } = random.pick(
    seasons.filter((one) => facts.only === undefined || facts.only === 'any' || facts.only === one.season),
  );
  const isWarm = season === 'spring' || season === 'summer';
  const { thing, looks } = random.pick(things);
  const fixed = {
    hero: hero.name,
    kind: hero.kind,
    he: hero.he,
    him: hero.him,
    his: hero.his,
    himself: `${hero.him}self`,
    friend: friend.name,
    fkind: friend.kind,
    // For the first time that the friend is spoken of.
    fname: isAnimal ? `${friend.name} the ${friend.kind}` : `${friend.name} from next door`,
    fhe: friend.he,
    fhim: friend.him,
    fhis: friend.his,
    ...elder,
    family: random.pick(families),
    trait,
    home,
    area,
    place,
    place2,
    season,
    thing,
    look: random.pick(looks.split(', ')),
    food: random.pick(foods),
    pastime: random.pick(isWarm ? [...pastimes, ...warmPastimes] : pastimes),
  };
  // Written out once, so that the weather of a story does not change from one sentence to the next.
  return {
    ...fixed,
    shows: expand(shows, fixed, random),
    sign: expand(sign, fixed, random),
    weather: expand(weather, fixed, random),
  };
}
