import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** Weather strikes, somebody is cut off, something is built, all are safe. Each goes with its season. */
export const weather = plot(
  rows(
    ['season', 'sign', 'weather', 'disaster', 'victim', 'vhe', 'plan', 'work'],
    `
    winter / icicles hung from the roofs / snow had been falling for three days / the snow blocked every door / the old widow on the ridge / she / dig a tunnel / shovelled from noon until nightfall, and lined the tunnel with candles
    winter / the pond was a sheet of glass / the cold made the trees crack / the firewood ran out / the family of shrews / they / bring logs on a sledge / dragged eleven loads of logs over the ice
    spring / the snow was melting in the hills / rain had been drumming on the roofs since Sunday / the river tore the bridge away / the ferryman's children / they / build a raft / lashed nine barrels together with rope and pushed off with long poles
    spring / the blossoms had just opened / the clouds were dark and low / a hailstorm smashed the greenhouse / the gardener / she / save the seedlings / carried every seedling indoors, in cups, in caps and in boots
    summer / the grass had turned brown / it had not rained since June / the well ran dry / the thirsty cattle / they / find a new spring / dug where the ants were moving, until cool water bubbled up
    summer / the air was heavy and yellow / lightning flickered in the west / lightning set the haystack on fire / the farmer's geese / they / make a chain of buckets / passed bucket after bucket from hand to hand
    autumn / the last leaves were tumbling down / a storm was shaking the shutters / a fallen tree blocked the road / the postman and his pony / they / saw it into pieces / sawed and sang until the road was free
    autumn / the geese had gone / the fog was as thick as porridge / a ship lost its way near the cliffs / the sailors / they / light a fire / piled up driftwood and kept the flames high until daybreak
    `,
  ),
  [
    `
    Then it happened: {disaster}! "What about {victim}?" asked {hero}. Nobody had thought of that.
    Nobody had ever seen the like of it. By evening, {disaster}. And that meant trouble for {victim}.
    "This will end badly," muttered {elder}. {Ehe} was right. In the night, {disaster}, and {victim} needed help.
    `,
    `
    "We must do something," said {hero}. {Fname} nodded. "But what?" They looked at one another. "I have it," said {hero}. "We will {plan}!"
    The grown-ups argued about whose fault it was. {Hero} did not argue. "Let us {plan}," {he} said, and {he} went to get {his} boots.
    "It is too dangerous," said one. "It is too late," said another. "Then we had better start," said {hero}. "We can {plan}."
    `,
    `
    It was hard work. {Hero} and {friend} {work}. Their arms ached, but they thought of {victim} and went on.
    At first there were only two of them, {hero} and {friend}. Then {elder} came, and then half of {area}. They {work}.
    "One, two, heave!" called {hero}. Together they {work}. When somebody got tired, somebody else took over.
    `,
    `
    When it was done, there was a great shout of joy. {Victim} had been saved! "You came after all!" {vhe} cried, and everybody hugged everybody.
    And it worked! {Victim} wept with relief. "How can we ever thank you?" they all asked. "With {food}," said {hero}, for {he} was very hungry.
    It was nearly dawn when the danger was over. {Victim} invited everyone in, and there was {food} for each of the helpers.
    `,
  ],
  `
  Many hands can move a mountain.
  Those who begin are already halfway there.
  In bad weather you learn who your neighbours are.
  When others talk, someone has to start.
  `,
);
