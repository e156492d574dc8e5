import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** A wish for somewhere far, three things on the way, and what was really there. */
export const journey = plot(
  rows(
    ['goal', 'reason', 'obstacle', 'answer', 'arrival'],
    `
    the sea / {he} had heard it roaring in a shell / a wide, swampy moor / hopped from tussock to tussock / the sea was bigger than all the stories about it
    the end of the rainbow / there was said to be a pot of gold / a forest of brambles / crawled underneath on {his} stomach / there was no gold, but seven colours danced on {his} hands
    the top of the mountain / {he} wanted to see the whole world at once / a slope of loose stones / climbed in zigzags, like the goats / the world lay below, as small and neat as a toy
    the place where the river begins / {he} wondered who poured out the water / a gorge with steep walls / balanced along a fallen trunk / a trickle as thin as a thread came out of the moss
    the moon's house / it always sank behind the same hill / a dark valley full of bats / sang loudly all the way through / the moon had moved on, but it had left silver on every blade of grass
    the great city / {his} cousin had written about towers of glass / a toll gate with a stern guard / told the guard a riddle he could not solve / a thousand windows were shining like stars
    the old castle / a princess was supposed to be waiting there / a drawbridge that was stuck / greased the chains with butter / the princess was ninety years old and made excellent waffles
    the northern lights / the sailors talked of nothing else / a plain of endless snow / followed the tracks of the reindeer / green curtains of light were rippling across the sky
    the dragon's cave / {he} wanted to ask how fire tastes / a tunnel as narrow as a chimney / breathed out and wriggled through / the dragon was busy toasting marshmallows and gave {him} six
    the library of the monks / it had a book about everything / a staircase of a thousand steps / rested on every hundredth step and ate a nut / a book with empty pages was waiting, and a pen lay beside it
    `,
  ),
  [
    `
    {Hero} had one great wish. {He} wanted to see {goal}, because {reason}. So {he} packed {his} {look} {thing} and {food}, and set out.
    "Today I am going to {goal}," said {hero}. "Why?" asked {fname}. {Hero} explained that {reason}. "Then I am coming with you," said {friend}.
    For as long as {he} could remember, {hero} had dreamed of {goal}, for {reason}. One day {he} could wait no longer. {He} kissed {his} {family} goodbye and left before breakfast.
    `,
    `
    The road was long. It led past {place} and past {place2}, and then it led into country that {he} did not know. [A raven|A hermit|A tinker|A stray sheep] called after {him}, "Turn back!" But {hero} walked on.
    On the first day {his} feet were sore, and on the second day it rained. On the third day {hero} met {elder}. "How far is it to {goal}?" {he} asked. "As far as you are willing to walk," was the answer.
    {He} slept under the stars and washed in cold streams. Sometimes {he} thought of {his} {family}, and then the road seemed longer.
    `,
    `
    Then {he} came to {obstacle}. Nobody had told {him} about that. {Hero} sat down and thought. At last {he} {answer}.
    But in the middle of the way lay {obstacle}. "This is the end," {he} thought. Yet {he} looked closer, and {he} {answer}. It was only half as bad as it had looked.
    There was one thing left between {him} and {goal}: {obstacle}. {Hero} clenched {his} teeth and {answer}.
    `,
    `
    And then {hero} was there. {Arrival}.
    On the far side {he} rubbed {his} eyes. {Arrival}. It was not what {he} had expected. It was better.
    "Oh," said {hero}, and for a long time {he} said nothing else. {Arrival}.
    `,
    `
    Before {he} turned homeward, {hero} picked up a small white pebble. Whenever {he} held it, {he} remembered the way.
    The road home was much shorter, as roads home always are. "What was it like?" everybody in {area} wanted to know. "I will tell you," said {hero}, "but first I need a bath."
    {Hero} came home with holes in {his} socks and {his} head full of pictures.
    `,
  ],
  `
  The way is worth as much as the goal.
  Far away is only a lot of small steps.
  Those who set out always find something.
  You cannot know a place until your feet have been there.
  `,
);
