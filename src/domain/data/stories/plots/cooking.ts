import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** A dish lacks one thing; who has it wants something else first. */
export const cooking = plot(
  rows(
    ['dish', 'missing', 'owner', 'ohe', 'wish', 'deed'],
    `
    a lemon cake / eggs / the hen / she / some peace from the noisy rooster / taught the rooster to crow into a bucket
    mushroom soup / mushrooms / the mole / he / a lamp that does not blind / wrapped a lamp in thin red cloth
    a strawberry tart / cream / the spotted cow / she / something to keep the flies away / made a handsome new brush of horsehair for the cow's tail
    fresh bread / flour / the miller / he / a mill without mice / asked the mice to move into the hayloft
    gingerbread / ginger / the spice merchant / she / a poem for the shop sign / wrote a poem of four lines that rhymed
    plum dumplings / plums / the squirrel / she / help with an enormous walnut / cracked the walnut between two stones
    honey cookies / honey / the queen bee / she / more clover near the hive / sowed clover all along the path
    pea soup / peas / the rabbit / he / a gate that closes by itself / hung a stone on a string behind the gate
    a cheese pie / cheese / the goatherd / she / company on the lonely pasture / stayed until dusk and told nine stories
    apple pancakes / apples / the horse / he / a scratch exactly between the ears / scratched until the horse hummed
    fish stew / a trout / the heron / she / a warm scarf for a long neck / knitted a scarf that went round eleven times
    hot chocolate / milk / the nanny goat / she / the bell that I lost in the meadow / searched the meadow until something tinkled in the clover
    `,
  ),
  [
    `
    {Hero} wanted to make {dish} for {friend}'s birthday. {He} tied on an apron, washed {his} hands and looked into the pantry. One thing was not there: {missing}!
    The whole of {area} was getting ready for the [great|yearly|lantern] feast, and {hero} had promised {dish}. But the cupboard was nearly bare, and what {he} needed most was {missing}.
    {Fname} lay in bed with a cold. "{Dish} would do you good," said {hero}, and {he} set to work. But there was a problem. The recipe called for {missing}, and {he} had none.
    `,
    `
    {Hero} went to see {owner}. "May I have {missing}, please?" {he} asked. "Of course," came the answer, "but I would like something in return: {wish}."
    "Ask {owner}," said {elder}. So {hero} ran to {place2}, where {owner} could be found. "You may have what you want," {he} was told, "if I get {wish}."
    Only {owner} had any. "I never give something for nothing," said {owner}. "But there is one thing I wish for: {wish}."
    `,
    `
    That was not easy. {Hero} thought about it [all the way to {place}|over a cup of tea], and then {he} {deed}.
    "Nothing could be simpler," said {hero}, although {he} had no idea how to do it. {He} tried this and that, and in the end {he} {deed}.
    {Friend} would have known what to do, but it was meant to be a surprise. So {hero} did it alone: {he} {deed}.
    `,
    `
    {Hero} got what {he} needed and hurried home. {He} mixed and stirred and tasted, and soon a wonderful smell drifted through {area}.
    {Owner} kept the bargain. Back in the kitchen, {hero} measured and chopped and kneaded. The pot bubbled, the oven glowed, and flour dusted {his} nose.
    "A promise is a promise," said {owner}. An hour later, {dish} stood steaming on the table.
    `,
    `
    "This is the best thing I have ever eaten," said {friend} with {fhis} mouth full. There was enough for {elder}, too.
    {Friend} ate three helpings, and so did {elder}. "What is the secret?" they asked. "A little help from others," answered {hero}.
    They all sat down together, and not a single crumb was left. {Hero} licked the spoon.
    `,
  ],
  `
  A fair exchange makes both sides happy.
  What is made with care tastes best.
  If you want something, ask what you can give.
  Good food is best when it is shared.
  `,
);
