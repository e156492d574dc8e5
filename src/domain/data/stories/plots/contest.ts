import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** Somebody boasts, something goes wrong, and winning turns out to be something else. */
export const contest = plot(
  rows(
    ['only', 'event', 'boast', 'rival', 'rivalShort', 'mishap', 'help'],
    `
    summer / sack race / Nobody can hop as fast as I can / a swift young hare called Dash / Dash / put both feet through the bottom of the sack / tied up the torn sack with a shoelace
    summer / boat race / My boat is the fastest on the water / a snooty swan called Sir Archibald / Sir Archibald / ran aground on a sandbank / towed the boat back into deep water
    any / pie contest / My pies always win / a plump goose called Madame Truffle / Madame Truffle / burned the crust until it was black / lent half of a pie that was ready to bake
    any / singing contest / My voice could melt an iceberg / a thrush called Melody / Melody / lost the power of speech from pure excitement / hummed along until the voice came back
    summer / tree-climbing contest / I shall be at the top before you can blink / a marten called Quickpaw / Quickpaw / got stuck in the fork of a branch / showed where to put each foot
    autumn / kite contest / My kite will touch the clouds / a clever crow called Inky / Inky / tangled the string around a steeple / unwound the string, loop by loop
    summer / snail race / My snail eats lightning for breakfast / a turtle called Slow Joe / Slow Joe / watched the snail fall asleep at the start / shared a lettuce leaf to tempt the snail onward
    winter / sledge race / I need no brakes / a husky called Blizzard / Blizzard / flew off at the bend and vanished in a snowdrift / dug the pilot out with bare hands
    any / spelling contest / I know every word there is / a parrot called Professor Plume / Professor Plume / forgot how many letters there are in banana / whispered the missing letters
    any / chess tournament / I can see ten moves ahead / a thoughtful camel called Solomon / Solomon / lost the queen on the second move / offered to start the game again
    `,
  ),
  [
    `
    In {area} there was going to be a [great|grand|famous] {event}. "{Boast}," said {hero}, and {he} said it to everyone who would listen.
    A poster hung near {place}: it announced a {event}! {Hero} put down {his} name at once. "{Boast}," {he} told {fname}.
    Every year at the end of {season} there was a {event}. This time {hero} wanted the prize, which was {a look} {thing}. "{Boast}," {he} declared.
    `,
    `
    But there was {rival}. "We shall see," was all that {rivalShort} said. {Hero} did not practise even once.
    The only one who worried {him} was {rival}. "You should practise," said {friend}. "Practising is for others," replied {hero}, and {he} took a nap.
    {Rival} had entered, too, and practised from dawn to dusk. {Hero} only laughed.
    `,
    `
    The great day came. Flags fluttered, and a brass band played out of tune. Everyone held their breath. And then {hero} {mishap}!
    "Ready, steady, go!" called {elder}. At first all went splendidly. But {hero} waved to the crowd, and just then {he} {mishap}.
    {Hero} was far ahead. "Too easy!" {he} thought. And in that very moment {he} {mishap}.
    `,
    `
    Some of the crowd laughed. But {friend} did not laugh, and neither did {rivalShort}, who stopped and {help}. "Why did you do that?" asked {hero}. "Because it is no fun to win alone," was the answer.
    {Hero} wished that the ground would open. Then somebody stood beside {him}. It was {rivalShort}, who {help}. "Come on," came the friendly words, "let us finish together."
    And who came to help? It was {rivalShort} of all creatures! Without a word of mockery, {rivalShort} {help}.
    `,
    `
    In the end {rivalShort} won, and {hero} cheered louder than anybody. {He} never boasted again, or hardly ever.
    In the end they shared the prize. {Elder} cut the ribbon in two, and each of them got one half.
    {Hero} came last, but {he} had won a friend. "Next year I will practise," {he} said, "and you will have to hurry."
    `,
  ],
  `
  Pride goes fast, but it does not go far.
  It is better to finish together than to win alone.
  Those who boast should practise first.
  A kind rival is half a friend.
  `,
);
