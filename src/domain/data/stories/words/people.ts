import { lines, rows } from '../expand.ts';

function words(list: string): readonly string[] {
  return lines(list).flatMap((line) => line.split(' '));
}

export const girls = words(`
  Lily Anna Mia Rosie Clara Ella Nora Ivy Hazel Ruby Daisy Molly Wren Tilda Greta Sofia Maya Zoe Amara Leila
  Freya Ida Juno Poppy Marta Esther Priya Yuki Olive Pearl Nell Hattie Bella Cora Dora Fern Kit Lotte Mabel Willa
`);

export const boys = words(`
  Tom Ben Max Leo Sam Jack Finn Oscar Hugo Theo Felix Otto Emil Jonah Noah Milo Arlo Jasper Rufus Toby
  Amir Kofi Ravi Kenji Pablo Luca Nils Anton Barnaby Caleb Dexter Ezra Gus Henrik Ivo Jules Linus Moses Ned Percy
`);

/** Animals that live, speak and go to market like people do. */
export const animals = words(`
  fox rabbit hedgehog mouse badger squirrel otter owl beaver mole hare cat puppy kitten duckling goose
  piglet frog turtle sparrow robin raccoon hamster toad lizard chipmunk newt vole dormouse weasel pigeon starling
  gecko cricket woodchuck magpie marmot shrew
`);

/** What each is like, and what shows it. */
export const traits = rows(
  ['trait', 'shows'],
  `
  curious / {he} [looked under every stone|asked a hundred questions a day|opened every box in the house]
  brave / {he} never turned back when the path was dark
  shy / {he} [hid behind the door|blushed and whispered] when strangers came to visit
  kind / {he} always left a few crumbs for the ants
  gentle / even the bees were not afraid to land on {his} nose
  cheerful / {he} [sang while washing the dishes|hummed in the rain|woke up laughing]
  clever / {he} could mend a clock with a bent spoon
  stubborn / {he} once sat on a fence for a whole day to win an argument with a goat
  patient / {he} could wait an hour for one snail to cross the path
  impatient / {he} ate porridge too hot and burned {his} tongue every single morning
  forgetful / {he} [went out wearing two different shoes|put the butter in the drawer and the letters in the pantry]
  dreamy / {he} walked into trees while watching the clouds
  generous / {he} gave away the bigger half of everything
  honest / {he} told the baker when he gave back one coin too many
  proud / {he} polished {his} boots twice a day
  lonely / {he} made up long conversations with the moon
  careful / {he} counted the steps on every staircase
  careless / {he} left muddy footprints on the clean floor
  noisy / the neighbours stuffed wool into their ears
  quiet / people often forgot that {he} was in the room
  thoughtful / {he} never forgot a birthday
  mischievous / {he} once painted the mayor's bicycle pink
  hopeful / {he} planted a button to see if a coat would grow
  grumpy / even {his} smile looked like a frown
  timid / {he} jumped at the sound of a falling leaf
  playful / {he} turned every chore into a game
  sleepy / {he} sometimes nodded off in the middle of a sentence
  hungry / {he} carried a sandwich under {his} hat
  tidy / {he} lined up the spoons by size
  adventurous / {he} drew maps of places where nobody had ever been
`,
);

/** Grown-ups who know things; the pronoun goes with them. */
export const elders = rows(
  ['elder', 'ehe', 'ehis', 'ehim'],
  `
  Grandmother / she / her / her
  Grandfather / he / his / him
  Aunt Matilda / she / her / her
  Uncle Bartholomew / he / his / him
  the old baker / he / his / him
  the miller / he / his / him
  the blacksmith / she / her / her
  the lighthouse keeper / he / his / him
  the schoolteacher / she / her / her
  the librarian / she / her / her
  the shepherd / he / his / him
  the beekeeper / she / her / her
  the clockmaker / he / his / him
  the ferryman / he / his / him
  the gardener / she / her / her
  the shoemaker / he / his / him
  the weaver / she / her / her
  the postman / he / his / him
  the wise old tortoise / he / his / him
  the grey heron / she / her / her
  the doctor / she / her / her
  the carpenter / he / his / him
`,
);

/** Whom a hero lives with. */
export const families = lines(`
  mother
  father
  grandmother
  grandfather
  mother and father
  aunt and uncle
  two brothers
  three sisters
  older sister
  little brother
  grandparents
  mother and six cousins
`);
