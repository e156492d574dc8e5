import { rows } from '../expand.ts';
import { plot } from '../plot.ts';

/** Wanting to be able to do something, failing, being told the trick, practising, doing it. */
export const learning = plot(
  rows(
    ['only', 'skill', 'failure', 'advice', 'success', 'later'],
    `
    any / whistle / nothing but air came out / Make your lips round, as if you were tasting a cherry / a clear, high note rang over the rooftops / whistled every bird out of bed
    summer / swim / {he} sank like a stone and came up spluttering / Lie on your back first and let the water carry you / {he} floated like a lily pad, and then {he} paddled all the way across / swam to the far shore before breakfast
    spring / ride a bicycle / {he} wobbled and landed in the gooseberries / Do not look at the wheel, look where you want to go / the wheels hummed, and the whole street flew past / delivered the newspapers in half the time
    any / read / the letters jumped about like fleas / Start with your own name and make friends with each letter / the letters stood still and turned into a story / read aloud to everyone on rainy evenings
    any / bake bread / the loaf came out as flat as a plate / Give the dough a warm corner and leave it in peace / the loaf rose until it touched the oven roof / baked a loaf for every neighbour
    any / juggle / all three apples hit {him} on the head / Begin with one, then two, and only then with three / the apples circled in the air like planets / juggled pumpkins at the harvest feast
    any / sew / the thread knotted and the needle pricked / Small stitches, and never hurry the needle / the seam was as straight as a ruler / mended every torn sleeve in the house
    any / play the trumpet / it sounded like an unhappy cow / Breathe from your belly and not from your cheeks / a bright melody marched out of the trumpet / played at weddings and at fairs
    winter / skate / {he} sat down on the ice, again and again / Bend your knees and lean forward a little / {he} glided in a wide and graceful curve / carved {his} name into the ice
    any / tie knots / the rope came apart in {his} hands / Over, under and through, like a rabbit around a tree / the knot held fast, however hard they tugged / tied up all the fishing boats before the storm
    any / climb ropes / {he} slid down and scorched {his} palms / Pinch the rope with your feet and let your legs do the work / {he} reached the top and touched the ceiling / hung the lamps for the summer party
    any / paint / the horse looked like a potato with legs / Look twice as long as you draw / the horse seemed ready to gallop off the page / painted a sign for every shop
    any / dance / {he} stepped on everybody's toes / Listen to the drum and forget about your feet / {his} feet knew by themselves where to go / led the dance at the midsummer festival
    any / count to a hundred / {he} always got lost after thirty-nine / Count by tens, as if you were climbing a staircase with landings / ninety-nine was followed by a hundred, just as it should be / counted the sheep for the shepherd
    summer / catch fish / the only thing {he} caught was an old kettle / Sit still and let your shadow fall behind you / a fat trout tugged at the line / brought home supper every Friday
    any / tell jokes / {he} laughed too soon and spoiled the ending / Keep a straight face and wait for one breath / even the gloomy old donkey chuckled / cheered up everyone who was ill
    `,
  ),
  [
    `
    More than anything, {hero} wanted to learn to {skill}. {He} tried at once, but {failure}.
    {Friend} could {skill}, and {hero} [wished {he} could too|was a little jealous]. "It is easy," said {friend}. But when {hero} tried, {failure}.
    "I will never learn to {skill}," sighed {hero}. {He} had tried all [morning|week], and each time {failure}.
    `,
    `
    {Friend} giggled, and {hero} turned as red as a [beetroot|tomato]. "[Go away|Stop laughing]!" {he} said, and {he} stamped {his} foot. Then {he} felt sorry. "I am only cross with myself," {he} explained.
    {Hero} wanted to give up. {He} kicked a stone all the way to {place} and sat down under a tree, with a very long face.
    {Hero} tried again, and again it went wrong. [A passing crow cawed|Two sparrows tittered] as if it were the funniest thing in the world.
    `,
    `
    "Shall I tell you a secret?" asked {elder}. "{Advice}. And then practise a little every day."
    Then {elder} came along. "When I was your age, I could not {skill} either," {ehe} said. "{Advice}."
    {Hero} went to see {elder}. "Please, how does one do it?" {he} asked. {Elder} smiled. "{Advice}," {ehe} said. "That is all the magic there is."
    `,
    `
    So {hero} practised, on Monday and on Tuesday and on every day that followed. One [evening|morning], {success}.
    {He} practised near {place2}, where nobody could see {him}. It went badly, then less badly, then quite well. And finally {success}!
    The first time it almost worked. The second time it worked a bit better. The tenth time, {success}.
    `,
    `
    "You did it!" cried {friend}, clapping. Ever after, {hero} {later}.
    {Hero} could hardly believe it. From then on {he} {later}, and when somebody asked how, {he} passed the secret on.
    "I did it!" {hero} shouted, so loudly that [the pigeons flew up|the windows rattled]. In time {he} {later}.
    `,
  ],
  `
  Everyone who is good at something was bad at it first.
  Those who practise a little every day go far.
  It is no shame to ask for advice.
  A mistake is only a step on the way.
  `,
);
