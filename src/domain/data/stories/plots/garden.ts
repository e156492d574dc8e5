import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** A seed, waiting, a danger, a harvest. */
export const garden = plot(
  rows(
    ['only', 'seed', 'sprout', 'danger', 'defence', 'harvest'],
    `
    spring / pumpkin seed / a pair of fat green leaves / slugs came at night to nibble it / sprinkled a circle of sand around it / a pumpkin so large that it had to be rolled home
    spring / sunflower seed / a straight, furry stem / a gale bent it almost to the ground / tied it to a broomstick with soft string / a flower as tall as the chimney, always looking at the sun
    spring / acorn / two tiny crinkled leaves / a pig came sniffing for lunch / built a fence of willow twigs / a little oak, which would stand for three hundred years
    spring / bean / a pale curl like a question mark / it had nothing to climb on / leaned an old rake against the wall / so many beans that the basket broke
    spring / cherry stone / a thin red shoot / a hard frost was on its way / wrapped it in straw and sacking / a tree with cherries for every blackbird and a bowlful besides
    spring / carrot seed / a feathery green plume / weeds crowded it on all sides / pulled the weeds out, one after the other, on {his} knees / a carrot that took five of them to pull
    spring / watermelon pip / a creeping vine / it had not rained for forty days / carried water in a watering can, morning and evening / a melon as round as the moon and as sweet as sugar
    spring / rosebud cutting / a shy, reddish bud / greenfly covered every leaf / invited a family of ladybirds to dinner / a rose that smelled of raspberries
    spring / tomato seed / a hairy little seedling / the sun was scorching it / put up a parasol made of newspaper / tomatoes enough for a barrel of sauce
    spring / lavender seed / a silvery tuft / the soil was too soggy / dug a ditch so that the water could run off / a purple cushion, humming with bees
    `,
  ),
  [
    `
    {Elder} gave {hero} {a seed}. "Is that all?" asked {hero}. "That is all," said {elder}. "The rest is up to you, the earth and the rain."
    In {his} pocket {hero} found {a seed}. {He} [dug a hole with a spoon|scratched a hole in the earth] near {place}, dropped it in and patted the soil flat.
    {Hero} swapped {his} {look} {thing} for {a seed}. {Fname} shook {fhis} head. "You have been cheated," said {friend}. But {hero} planted it all the same.
    `,
    `
    The next morning {he} ran out to look. Nothing. The day after, nothing again. "It is asleep," said {friend}. "Wake up!" shouted {hero} at the ground, but it did no good.
    {Hero} watered it and waited. {He} sang to it and waited. {He} wanted to dig it up to see how it was doing, but {elder} said, "Leave it in peace. Growing is shy work."
    A week went by, and then another. {Friend} had long forgotten about it, but {hero} came back every single day.
    `,
    `
    And then, one morning, there it was: {sprout}! {Hero} lay on {his} belly to look at it. But soon there was trouble, for {danger}. So {he} {defence}.
    At last the soil cracked, and out came {sprout}. "Hello," whispered {hero}. It was not safe yet, though, because {danger}. {Hero} thought quickly and {defence}.
    "Come and see!" cried {hero}. There stood {sprout}, no taller than a thumb. When {danger}, {friend} ran for help, and {hero} {defence}.
    `,
    `
    It grew, a little every day. In the end there was {harvest}.
    The weeks passed, and it grew and grew. Finally there was {harvest}.
    {Hero} measured it with a ruler and wrote the numbers on the wall. And what became of it? {Harvest}.
    `,
    `
    "I would have given up after two days," said {friend}. "I nearly did," said {hero}.
    People came from the other end of {area} to admire it. "How did you do it?" they asked. "I waited," said {hero}.
    {Hero} kept the best part for {friend} and the second best for {elder}.
    `,
  ],
  `
  Good things need time.
  Those who can wait see wonders.
  Every great thing was small once.
  What you care for every day will care for you.
  `,
);
