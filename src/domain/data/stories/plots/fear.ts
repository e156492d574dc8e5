import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** A noise in the night, a shape in the fog: it turns out to be somebody who needs something. */
export const fear = plot(
  rows(
    ['sound', 'guess', 'truth', 'need', 'gift'],
    `
    a scratching behind the wall / a monster with claws / a hedgehog looking for a warm bed / It is so cold outside / a drawer full of dry leaves
    a howling on the hill / a hungry wolf / a very small dog with a very large voice / Nobody hears me if I bark softly / a cushion by the stove
    a tapping on the window / a skeleton's finger / the branch of a young birch / I have outgrown my place / a stake to lean on
    a moaning in the chimney / a ghost / the wind, which had lost its way among the bricks / I cannot find the way out / an open door
    a splashing in the dark / a sea serpent / an otter who had dropped her supper / My fish slid away / a tin of sardines
    a quarrelsome buzzing in the bushes / a goblin sharpening its knife / a pair of fireflies having an argument / We cannot agree where to dance / a lantern to dance around
    heavy footsteps overhead / a giant / a barn owl trying on a pair of boots / I wanted to know what walking feels like / a pair of slippers
    a rattling in the kitchen / a burglar / a mouse struggling with the lid of the biscuit tin / I smelled butter / a biscuit as big as the mouse
    a fluttering behind the curtain / a dragon / a moth that was dazzled by the lamp / I only came for the light / a candle in the garden
    a sobbing under the stairs / a witch / a lost baby rabbit / I took the wrong tunnel / a ride home in a warm pocket
    a rumbling that shook the cups / an earthquake / a travelling bear with an empty stomach / I have walked since Thursday / a kettle of porridge
    a whispering in the attic / a band of thieves / a family of bats saying good night to one another / We are so many that it takes a while / a promise not to close the skylight
    `,
  ),
  [
    `
    That night {hero} [could not sleep|woke with a start]. There was {sound}. {He} pulled the blanket over {his} ears. "It must be {guess}," {he} thought.
    After sunset, {hero} sat alone at home. Suddenly there was {sound}. {His} heart thumped. Was it {guess}?
    {Hero} was afraid of the dark, though {he} told nobody. And now there was {sound}! "{Guess}!" {he} gasped.
    `,
    `
    {He} crept next door to wake {fname}. "I heard {sound}," {he} whispered. {Friend} turned pale. "Let us go together," said {friend}. "Being scared is easier with two."
    "There is no such thing as {guess}," {hero} told {himself}, but {his} voice was shaking. {He} lit a lamp and tiptoed closer, one step at a time.
    {Hero} remembered what {elder} always said: "Fear is biggest when your eyes are shut." So {he} opened {his} eyes, took a broom and went to look.
    `,
    `
    The noise grew louder. {Hero} held {his} breath, counted to three and [lifted the lamp|pulled the curtain aside|looked around the corner]. And what was it? It was {truth}!
    Closer and closer {he} came, until {he} could see what it was. It was not {guess} at all. It was {truth}.
    "Who is there?" called {hero}, as boldly as {he} could. Something moved. It was only {truth}.
    `,
    `
    "{Need}," came a tiny voice. "Please do not be angry." {Hero} began to laugh, because all the fear had gone out of {him}.
    "I thought you were {guess}," said {hero}. "And I thought you were one!" came the reply. "{Need}."
    "Why do you make such a noise?" asked {hero}. "{Need}," was the answer.
    `,
    `
    So {hero} found {gift}, and after that it was quiet. {He} slept until the sun tickled {his} nose.
    {Hero} thought for a moment and offered {gift}. "Thank you," said the visitor, and the house was still again.
    All that was missing was {gift}, and {hero} soon took care of that.
    `,
  ],
  `
  Most monsters turn out to be someone who needs help.
  The brave are afraid, too, but they look anyway.
  Things are seldom as frightening as they sound.
  When you are scared, light a lamp and find a friend.
  `,
);
