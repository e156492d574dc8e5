import { lines, rows } from '../expand.ts';

/** Where people live, and the places near by: each of these works after `to`, `near` and `by`. */
export const villages = rows(
  ['home', 'area', 'places'],
  `
  in a cottage by the mill / the village / the mill pond, the market square, the apple orchard, the stone bridge
  in a tall, narrow house above the harbour / the town / the harbour, the lighthouse, the fish market, the sandy beach
  on a farm at the end of a dusty road / the valley / the red barn, the hay field, the duck pond, the crooked fence
  in a wooden house at the foot of a mountain / the mountain village / the waterfall, the goat path, the pine wood, the frozen lake
  in a flat over the bakery / the city / the park, the fountain, the railway station, the museum steps
  in a round house on an island / the island / the jetty, the seal rocks, the shallow bay, the windy cliff
  in a caravan with yellow wheels / the camp / the river bend, the willow tree, the campfire, the fairground
  in a little brick house beside the canal / the street / the lock gate, the towpath, the playground, the corner shop
`,
);

export const wilds = rows(
  ['home', 'area', 'places'],
  `
  in a burrow under an old oak / the forest / the clearing, the mossy log, the blackberry hedge, the babbling brook
  in a hollow tree at the edge of the wood / the wood / the fern hollow, the toadstool ring, the bluebell slope, the sunny glade
  in a nest of reeds beside the river / the marsh / the reed bed, the beaver dam, the lily pond, the muddy bank
  in a snug den behind the waterfall / the hills / the heather moor, the crystal spring, the tumbled rocks, the rabbit meadow
  under the floor of a sleepy farmhouse / the farmyard / the haystack, the vegetable patch, the henhouse, the water trough
  in a tiny house made from a teapot / the garden / the rose bed, the compost heap, the garden shed, the goldfish pond
`,
);

/** A season, its signs, and weather that fits it. */
export const seasons = rows(
  ['season', 'sign', 'weather'],
  `
  spring / [the first swallows had come back|lambs skipped in the pastures|the cherry trees were pink with blossom|buds were opening on every twig] / [a soft rain was falling|a warm wind chased the clouds|the puddles shone like mirrors|the air smelled of wet earth]
  summer / [crickets chirped in the tall grass|the strawberries were ripe|the wheat was golden|dragonflies darted over the water] / [the sun was blazing|there was not a cloud in the sky|the air was warm and still|thunder grumbled far away]
  autumn / [red and yellow leaves whirled through the air|the pumpkins were fat and orange|the geese were flying south|acorns dropped from the oaks] / [a thick fog lay over everything|the wind rattled the shutters|a cold drizzle tickled every nose|the air was crisp and clear]
  winter / [icicles hung from the roofs|the ponds were frozen hard|robins puffed up their feathers|smoke curled from every chimney] / [big snowflakes were drifting down|the frost sparkled like sugar|the north wind howled|the snow lay knee-deep]
`,
);

/** Things one can hold and lose, and how each may look. */
export const things = rows(
  ['thing', 'looks'],
  `
  ball / red, blue, striped, rubber
  kite / green, purple, paper, long-tailed
  scarf / woollen, orange, scarlet, checked
  button / silver, brass, pearl, shiny
  key / rusty, golden, tiny, copper
  lantern / tin, glass, dented, yellow
  bell / brass, little, silver, polished
  whistle / wooden, tin, carved, white
  marble / glass, green, swirly, purple
  spoon / wooden, silver, bent, pewter
  umbrella / black, spotted, pink, patched
  boat / toy, paper, wooden, varnished
  hat / straw, floppy, felt, pointed
  mitten / knitted, red, fluffy, warm
  basket / wicker, small, sturdy, brown
  feather / white, speckled, curly, blue
  compass / brass, old, pocket, scratched
  ribbon / velvet, satin, yellow, crimson
  flute / bamboo, slender, ivory, silver
  teddy bear / brown, one-eyed, patched, soft
  blanket / blue, quilted, tattered, cosy
  bucket / tin, green, leaky, wooden
  map / crumpled, secret, faded, hand-drawn
  shell / pink, spiral, smooth, pearly
  medal / bronze, heavy, gleaming, round
  puppet / wooden, laughing, velvet, long-nosed
  telescope / brass, folding, dusty, battered
  pencil / stubby, violet, sharp, lucky
  teacup / cracked, flowery, blue, porcelain
`,
);

export const foods = lines(`
  a slice of blueberry pie
  a bowl of onion soup
  two ginger biscuits
  a warm cinnamon roll
  a plate of pancakes with honey
  a bag of roasted chestnuts
  a wedge of yellow cheese
  a jar of plum jam
  a handful of raspberries
  some bread and butter
  a mug of hot chocolate
  a baked potato
  a crunchy carrot
  a walnut cake
  a basket of cherries
  three oatmeal cookies
  a juicy pear
  a bunch of grapes
  a dish of dumplings
  a peppermint stick
  a boiled egg
  a peach tart
  a cucumber sandwich
  a pot of lentil stew
`);

/** How one passes an afternoon in any season. */
export const pastimes = lines(`
  collecting pebbles
  building towers of sticks
  humming an old tune
  climbing the lowest branches
  listening to the woodpecker
  telling jokes to a scarecrow
  sorting buttons by colour
  balancing on one leg
  practising cartwheels
  whittling a stick
  watching the clouds drift by
  walking backwards
  making up riddles
`);

/** And what else there is to do when things grow and fly. */
export const warmPastimes = lines(`
  skipping stones across the water
  counting ladybirds
  chasing butterflies
  drawing in the dust
  picking daisies
  watching the beetles march by
  making a crown of leaves
  looking for four-leaved clover
  blowing dandelion seeds
  following a trail of ants
  splashing in the shallows
`);
