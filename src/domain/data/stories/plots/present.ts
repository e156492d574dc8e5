import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** A present has to be made out of nearly nothing. */
export const present = plot(
  rows(
    ['only', 'gift', 'material', 'idea', 'making', 'use'],
    `
    winter / a lantern of ice / a bowl of water and a frosty night / water turns to glass by itself / froze the water with holly berries in it and put a candle inside / carried it home along the dark path, and not one step was lost
    autumn / a necklace / a pocketful of hazelnuts / brown things can shine if you rub them / polished every nut with wax and threaded them on a string / wore it on every holiday
    spring / a flute / an elder branch / hollow things love to sing / scraped out the pith and bored six holes / played it to call the cows
    summer / a pillow / three sacks of thistledown / what floats must be soft / stuffed the down into an old shirt and sewed up the sleeves / never slept better
    any / a picture / a burnt stick and a smooth plank / black is a colour, too / drew {friend} so well that even the freckles were in the right places / hung it above the fireplace
    summer / a hat / an armful of straw / baskets and hats are cousins / plaited the straw in rings, like a beehive upside down / wore it until the birds moved in
    any / a weathercock / a tin plate and a bent nail / the wind only needs something to play with / cut a rooster out of the tin and hammered it smooth / always knew which way the wind blew
    any / a chair / driftwood from the shore / the sea has done half of the carving already / fitted the crooked pieces together without a single nail / sat in it every evening and said that it smelled of salt
    any / a blanket / the wool that the sheep had left on the fences / small tufts make a big heap / combed it, spun it and knitted it on two twigs / was never cold again
    any / a book / birch bark and blackberry ink / every friendship is a story / wrote down everything the two of them had done / read it again and again, and laughed each time in the same places
    `,
  ),
  [
    `
    Tomorrow was {friend}'s birthday, and {hero} had no present. {He} shook {his} piggy bank. Out fell [one button|a single penny|a surprised spider].
    {Fname} was going to move away at the end of the week. {Hero} wanted to give {fhim} something to remember {him} by, but {he} had no money.
    "What would you like most of all?" {hero} had asked {friend}. "Something that nobody else has," {friend} had said. That was not going to be easy.
    `,
    `
    In the window of the shop lay {a look} {thing}, but it cost more than {hero} could earn in a year. {He} pressed {his} nose against the glass until the shopkeeper wiped it.
    {He} asked {elder} for advice. "The best presents are not bought," said {elder}. "They are made." {Hero} went away grumbling.
    {Hero} thought of giving away {his} own {look} {thing}. But it was old, and {friend} had borrowed it a hundred times already.
    `,
    `
    Then {he} looked around {him}. What did {he} have? {Material}. "Hmm," said {hero}. "{Idea}."
    On {his} way past {place2}, {he} stopped so suddenly that {he} almost fell over. All it needed was {material}! "{Idea}," {he} told {himself}.
    That night {he} had an idea. All that {he} had was {material}. "But {idea}," {he} thought.
    `,
    `
    {Hero} set to work. {He} {making}. It took until midnight, and {he} hurt {his} thumb, but {he} did not mind.
    First it went wrong, and then it went wrong again. But {hero} did not give up. {He} {making}.
    Secretly, behind a locked door, {he} {making}. "What are you doing in there?" called {his} {family}. "Nothing!" called {hero}.
    `,
    `
    {Friend} unwrapped it very slowly. It was {gift}. "You made this? For me?" {fhe} asked, and {fhis} eyes shone. {Fhe} {use}.
    "It is not much," said {hero}. But {friend} held {gift} in {fhis} hands and could not speak for joy. {Fhe} {use}.
    It was {gift}, the finest present that {friend} had ever been given. {Fhe} {use}.
    `,
  ],
  `
  The best presents are made of time.
  A gift is worth as much as the thought behind it.
  You do not need gold to make someone rich.
  Whoever gives with joy gives twice.
  `,
);
