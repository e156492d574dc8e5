import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** Two friends fall out over very little, miss each other, and make up. */
export const quarrel = plot(
  rows(
    ['cause', 'mine', 'yours', 'missed', 'peace'],
    `
    who should sit by the window of the train / I saw the seat first / I always get sick in the middle / there was nobody to point out the cows to / took turns, one station each
    what to call the stray cat / Her name is Cinnamon / Her name is Thunderbolt / the cat would not come to either name / called her Cinnamon Thunderbolt the First
    how to divide the last piece of cake / The bigger half is mine / Halves are never bigger / the cake went stale on the plate / let one cut and the other choose
    which way to hold the treasure map / North is up / Up is where the tree is / neither half of the map made any sense / laid the two halves side by side
    whose turn it was to steer the cart / You steered yesterday / Yesterday does not count / a cart with one passenger is very dull / fitted a second pair of reins
    what the cloud looked like / It is a whale / It is a slipper / all the clouds looked like nothing at all / agreed that it was a whale in slippers
    who had won at hide-and-seek / You peeped / You hid in another county / it is hard to play hide-and-seek alone / called it a draw
    whether to build a castle or a bridge / Castles are for kings / Bridges are for everybody / half a castle fell over and half a bridge led nowhere / built a castle with a bridge
    how loud the drum should be / Drums must be loud / My ears are not made of leather / a drum without a flute sounded sad / played softly by day and loudly on the hill
    who had eaten the last raisin / It was you / It was certainly not me / the kitchen was much too quiet / found the raisin under the table and gave it to a beetle
    `,
  ),
  [
    `
    {Hero} and {fname} had never quarrelled before. But that day they quarrelled about {cause}. "{Mine}!" said {hero}. "{Yours}!" said {friend}.
    It began with a small thing: {cause}. "{Mine}," said {hero}. "{Yours}," said {friend}. Soon they were both shouting.
    "{Mine}," said {hero}. "{Yours}," answered {fname}. And so a quarrel broke out about {cause}.
    `,
    `
    "Then I do not want to play with you any more!" cried {friend}, and {fhe} ran off to {place2}. {Hero} stuck out {his} tongue and marched to {place}.
    They turned their backs on each other. {Hero} went left and {friend} went right, and neither of them looked around.
    "I shall never speak to you again," said {hero}. "Good," said {friend}. "Good," said {hero}. And then there was silence.
    `,
    `
    At first {hero} was glad. {He} could do whatever {he} liked. But then {he} noticed that {missed}.
    An hour went by, and it was the longest hour of {his} life. {Missed}. {Hero} [sighed|kicked a pine cone|stared at {his} shoes].
    {He} tried {pastime}, but it was no fun, for {missed}.
    `,
    `
    {Elder} saw {him} sitting there. "Is it more important to be right or to be together?" {ehe} asked. {Hero} thought about that for quite some time. Then {he} got up and ran.
    "Somebody has to go first," said {elder}. "It is not far. It only feels far." So {hero} took a deep breath and went.
    On the path {he} met {friend}, who was coming the other way. "I was just going to say sorry," said {friend}. "So was I!" said {hero}.
    `,
    `
    "I am sorry that I shouted," said {hero}. "I am sorry, too," said {friend}. And this is what they did: they {peace}.
    They sat down and talked it over, and it was not difficult at all. They {peace}.
    In the end they {peace}. "What were we quarrelling about?" asked {friend}. "I have forgotten," said {hero}, and that was almost true.
    `,
  ],
  `
  It is better to be together than to be right.
  The first step towards a friend is never too far.
  A quarrel has two ends, and either one can let go.
  Sorry is a small word that opens big doors.
  `,
);
