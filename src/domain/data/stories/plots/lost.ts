import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** Something dear is gone; there is a reason, and the reason leads to it. */
export const lost = plot(
  rows(
    ['cause', 'clue', 'found'],
    `
    an eagle had carried it off to decorate her eyrie / a long brown feather / high up on a rock, between two astonished eaglets
    the wind had rolled it down the hill / a line of flattened grass / at the very bottom, caught in a thorn bush
    a sleepy bear had used it as a pillow / a tuft of brown fur / under the snoring bear's ear
    the river had floated it away when the water rose / a wet, muddy mark / stuck between two stones downstream
    a goat had taken it for breakfast and then thought better of it / a bite out of the fence / beside the goat's trough, only a little chewed
    the ragman had taken it for junk / the tracks of a creaky cart / on top of the cart, between a birdcage and a bathtub
    a puppy had buried it to keep it safe / a heap of fresh earth / under the heap, together with four old bones
    it had fallen behind the piano / a cloud of dust / behind the piano, together with a lost tooth and a waltz
    a squirrel had hidden it with her acorns / a row of nutshells / in a hollow trunk, on top of a hundred acorns
    the postman had packed it by mistake / a torn envelope / at the bottom of the postman's leather bag
    a snail had moved in and would not come out / a silvery trail / under a rhubarb leaf, with two tiny horns peeping over the edge
    the carnival had swept it up with the confetti / a scrap of coloured paper / on the head of a stone statue
    `,
  ),
  [
    `
    {Hero} had {a look} {thing}. It was {his} greatest treasure, and {he} took it everywhere. But that day, when {he} [reached for it|looked for it], the {thing} was gone.
    Of all {his} things, {hero} loved {his} {look} {thing} the most. "Where is my {thing}?" {he} cried all at once. It was not [under the bed|on the shelf] and it was not [behind the stove|by the door].
    {Hero} wanted to show {friend} {his} {look} {thing}. {He} [turned out every pocket|emptied the whole cupboard], but there was no {thing} anywhere.
    `,
    `
    "When did you have it last?" asked {fname}. {Hero} thought hard. "Near {place}," {he} said. So off they went.
    {Hero} [sat down and wept|felt a lump in {his} throat]. {Friend} put an arm around {him}. "Do not cry," said {friend}. "Four eyes see more than two. We will search until we find it."
    {Hero} asked {elder}. "A {thing} does not walk away by itself," said {elder}. "Go and look for a sign." {Friend} came along to help.
    `,
    `
    First they searched [near|around] {place}, but they found only [a rusty nail|an empty bottle|an old boot|a broken comb]. Then they went to {place2}. There {friend} noticed {clue}. "This is a clue!" {fhe} [whispered|shouted].
    They crawled through the nettles and peeped into every hole. "Ouch," said {hero}, but {he} did not give up. At last, near {place2}, {he} spotted {clue}.
    On the way to {place2} they met [a toad|a snail|an old crow|a woodpecker]. "Have you seen {a look} {thing}?" asked {hero}. "No," came the answer, "but I have seen {clue}." That was a start.
    `,
    `
    They followed the trail, and then everything became clear: {cause}. And there was the {look} {thing}, {found}!
    The clue led them onward, step by step. "Look!" cried {friend}. There it was, {found}. You see, {cause}.
    Before long they understood: {cause}. They found the {thing} {found}.
    `,
    `
    {Hero} hugged {his} {look} {thing}, and then {he} hugged {friend}. "I would never have found it without you," {he} said.
    "My {thing}!" {hero} shouted, and {he} [danced in a circle|turned three somersaults]. "Next time I will [take better care of it|put it away before supper]."
    {Hero} tied a string to the {thing} so that it would never get lost again. {He} gave {friend} half of {his} [biscuit|apple|sandwich] to say thank you.
    `,
  ],
  `
  Those who look together find more than those who look alone.
  What is dear to you deserves a safe place.
  A good friend is worth more than any treasure.
  Even the smallest clue can lead you home.
  `,
);
