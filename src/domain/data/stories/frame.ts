import { lines } from './expand.ts';

/** How stories begin: who, where, what they are like. `Once` leads, as people expect of a story. */
export const openings = lines(`
  Once upon a time, {a trait} [little|young|small] {kind} named {hero} lived {home}.
  Once upon a time there was {a trait} [little|young] {kind}. {His} name was {hero}, and {he} lived {home}.
  Once there was {a trait} {kind} called {hero}, who lived {home} with {his} {family}.
  Once, not so very long ago, there was {a trait} {kind} named {hero}. {He} lived {home} with {his} {family}.
  Once there lived, {home}, {a trait} {kind} whose name was {hero}.
  Once upon a time, {home}, there lived {a kind} named {hero}.
  Once, when {sign}, {a trait} {kind} named {hero} was {pastime} near {place}.
  Once in a while a story begins with {a kind}, and this one does. {His} name was {hero}.
  {Home} lived {a trait} {kind} named {hero}.
  Long ago, {a trait} {kind} named {hero} lived {home} with {his} {family}.
  There was once {a trait} {kind} who lived {home}. Everybody called {him} {hero}.
  Everyone in {area} knew {hero}, the {trait} {kind}. {He} lived {home} with {his} {family}.
  This is the story of {hero}, {a trait} {kind} who lived {home}.
  Far away, {home}, lived {a trait} {kind} named {hero}.
`);

/** What the hero is like, or has at heart. */
export const portraits = lines(`
  {Hero} was so {trait} that {shows}.
  {He} was so {trait} that {shows}.
  {Hero} loved {pastime} more than anything else.
  {His} best friend was {friend}, {a fkind} who lived [next door|across the brook|just around the corner].
  {Hero} and {fname} were [the best of friends|always together|friends from the very first day].
  [On most days|When the chores were done|Every afternoon], {he} could be found near {place}, {pastime}.
`);

/** The day on which it happens. */
export const days = lines(`
  One {season} [morning|afternoon|day], {sign} and {weather}.
  It was [a day in|the first week of|the very middle of] {season}, and {sign}.
  One {season} day, when {weather}, {hero} [went for a walk to {place}|was on {his} way home from {place}].
  It was {season}. {Sign}, and {weather}.
  [One Monday|One Saturday|One Sunday] in {season}, {weather}.
`);

export const closings = lines(`
  That [evening|night], {hero} told {his} {family} the whole story[|, from the beginning to the end|, twice].
  Then {hero} and {friend} [sat down by the fire|went to {place}|made themselves comfortable] and shared {food}.
  {Hero} [slept very well|fell asleep with a smile|dreamed of it all] that night.
  When the stars came out, {hero} was still smiling.
  {Friend} laughed, and {hero} laughed too, until their bellies ached.
  And at supper there was {food} for everyone.
  From that day on, {hero} and {friend} met at {place} every [Sunday|Friday|morning].
  "What a day," said {hero}, and {friend} [nodded|yawned|agreed].
  The moon rose over {area}, round and bright, and all was well.
  Before going to bed, {hero} [opened the window and listened to the night|wrote it all down in a little notebook|thanked {friend} once more].
`);
