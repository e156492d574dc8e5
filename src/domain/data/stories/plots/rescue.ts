import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** Somebody smaller is in trouble, and the right tool gets them out. */
export const rescue = plot(
  rows(
    ['only', 'creature', 'trouble', 'tool', 'act', 'thanks'],
    `
    summer / beetle / lay on its back and could not turn over / a blade of grass / held out the blade, and the beetle climbed up it / a dance on all six legs
    summer / butterfly / was tangled in a spider's web / a thin twig / cut the threads one by one with the twig / a ride on a sunbeam, or so it felt
    summer / swallow / had hurt its wing against a window / a shoebox lined with wool / carried it home in the shoebox and fed it for a week / a song every dawn
    spring / tadpole / was trapped in a drying puddle / a cupped hand / scooped it up and ran to the deep water / a splash and a wiggle
    any / kitten / was stuck on a high branch and mewed / a long ladder / climbed up rung by rung and tucked it into a sleeve / a long, rumbling purr
    spring / lamb / had fallen into a ditch / a strong rope / tied a loop and pulled with every ounce of strength / a lick on the nose
    summer / bee / was too tired to fly / a drop of honey on a thimble / put the honey down in front of its feet / a spoonful of sweet wax in the spring
    spring / fledgling / had tumbled out of its nest / a soft cap / lifted it in the cap and set it back among its sisters / a cheerful chirp
    spring / goldfish / gasped on the bank after the flood / a jam jar full of water / slid it gently into the jar / three perfect bubbles
    summer / crab / had its claw jammed in a bottle / a little olive oil / rubbed the glass with oil until the claw slipped free / a pearl as small as a pea
    winter / calf / shivered alone in the sleet / a thick cloak / wrapped it up and led it back to its mother / a pail of creamy milk
    autumn / snail / had a crack in its shell / a dab of beeswax / sealed the crack as neatly as a potter / a shimmering letter S on the doorstep
    summer / fawn / had its leg caught between two roots / a stout stick / pushed the roots apart with the stick / one long look with its dark, shining eyes
    autumn / gosling / had lost its flock in the mist / a tin horn / blew the horn until the other geese answered / a fluffy feather
    `,
  ),
  [
    `
    Near {place}, {hero} heard a faint sound. {He} stopped and listened. It was {a creature}, and it {trouble}.
    {Hero} was on {his} way to {place} when {he} nearly stepped on something. {A creature} {trouble}. "Oh, you poor thing," said {hero}.
    "Come quickly!" called {fname}. Close to {place}, {a creature} {trouble}.
    `,
    `
    "[We|You] cannot simply pull," said {elder}, who was passing by. "You need {tool}."
    {Hero} did not know what to do. {He} [scratched {his} head|paced up and down] and thought, and at last {he} had an idea. All {he} needed was {tool}.
    [Some children|Two travellers|A cart driver] walked past without looking. "It is only {a creature}," they said. But {hero} could not leave it there. {He} ran to fetch {tool}.
    `,
    `
    {His} hands trembled, but {he} was careful. {He} {act}. "There," said {hero}. "You are safe now."
    "Hold still, little one," {hero} whispered. Slowly and gently, {he} {act}.
    {Friend} held {his} [scarf|hand|coat], and {hero} {act}. It took a long time, because {he} did not want to hurt the {creature}.
    `,
    `
    The {creature} [blinked|rested for a moment|looked up at {him}]. Then it thanked {hero} with {thanks}.
    By the next day the {creature} was well again, and {hero} was given {thanks}.
    And what did {hero} get for it? {Thanks}, and a new friend as well.
    `,
    `
    Weeks later, {hero} lost {his} way near {place2}. Who should come to show {him} the path? It was the {creature}!
    "Why did you stop for such a small creature?" asked {friend}. "Because nobody else did," answered {hero}.
    {Elder} had seen it all. "That was well done," {ehe} said, and {ehe} gave {hero} {food}.
    `,
  ],
  `
  No one is too small to be helped, and no one is too small to help.
  Kindness costs little and is remembered long.
  Be gentle with those who are weaker than you.
  A helping hand is never wasted.
  `,
);
