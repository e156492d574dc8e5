import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** Something breaks, a lie is near at hand, the truth is told. */
export const mending = plot(
  rows(
    ['item', 'accident', 'lie', 'repair'],
    `
    blue vase / knocked it off the shelf with a broom / The cat did it / glued the pieces together, and a golden line ran along every crack
    grandfather clock / swung on the pendulum / It stopped by itself / oiled the wheels and hung the pendulum back on its hook
    garden gate / rode on it until the hinge snapped / The wind tore it off / carved a new peg and rubbed it with wax
    window / threw a snowball, or something very like it / A hailstone broke it / cut a new pane and pressed it in with putty
    teapot / used it as a helmet / It was cracked already / turned it into a pot for a geranium
    fishing net / played at spiders in it / A pike bit through it / knotted the holes, mesh by mesh
    wooden rocking chair / rocked it all the way over / It was the termites / fitted a new leg that was even stronger than the old one
    lace curtain / got tangled in it and pulled it down, rod and all / Moths must have eaten it / stitched a row of daisies over the tear
    atlas / spilled a whole bottle of ink on Africa / It was printed like that / drew a new Africa, with every river in it
    birdhouse / bumped into the pole with a wheelbarrow / A storm blew it down / nailed it up again, higher than before
    music box / wound it up too far / It must have been tired / put in a new spring, and it played a little faster than it used to
    scarecrow / pulled at its sleeve until it toppled over / The crows knocked it down / stuffed it with new straw and lent it a better hat
    `,
  ),
  [
    `
    {Elder} had {a item}, and {hero} had been told not to touch it. But {hero} was playing, and {he} {accident}. Oh dear!
    It happened when nobody was looking. {Hero} {accident}. A moment later, {elder}'s {item} was ruined.
    "Be careful with my {item}," {elder} had said that very morning. And what did {hero} do? {He} {accident}, and that was the end of it.
    `,
    `
    {Hero} stood quite still. {His} ears were hot. "I could say something," {he} thought. "{Lie}. Who would know?"
    "What shall I do?" {hero} asked {fname}. "Just say: {lie}," said {friend}. {Hero} was not sure about that.
    {He} hid the pieces [under the rug|behind the woodpile|in a sack]. "{Lie}," {he} practised saying. "{Lie}." It sounded wrong each time.
    `,
    `
    At supper {hero} could not swallow a bite. The secret [sat in {his} stomach like a stone|buzzed in {his} head like a wasp]. In the end {he} went to {elder} and told {ehim} the truth.
    All night {he} tossed and turned. In the morning {he} knocked at {elder}'s door. "It was me," said {hero}, and a tear ran down {his} cheek. "I am so sorry."
    Then {elder} asked, "Has anybody seen my {item}?" {Hero} opened {his} mouth. "I broke it," {he} said, before the lie could get out.
    `,
    `
    {Elder} was silent for a while. "I am sad about the {item}," {ehe} said, "but I am glad that you told me. Come, let us see what can be done." Side by side they {repair}.
    "Thank you for being honest," said {elder}. "That is harder to mend than any {item}." Then they {repair}.
    {Elder} sighed, and then {ehe} smiled. "I did the same when I was little," {ehe} said. They rolled up their sleeves and {repair}.
    `,
    `
    {Hero} felt as light as a feather. The {item} was not quite the same as before, but {elder} liked it even better.
    "You can still see where it was broken," said {hero}. "Yes," said {elder}, "and whenever I look at it I will think of someone brave."
    From then on, {hero} asked before {he} touched things, and {elder} always said yes.
    `,
  ],
  `
  The truth is heavy to carry but light to give away.
  A thing that is mended with love is worth more than a new one.
  It takes courage to say that you are sorry.
  A lie is a stone in your own shoe.
  `,
);
