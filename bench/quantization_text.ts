/**
 * What the models of `quantization.ts` read: prose of our own, in plain letters.
 *
 * @module
 */

/** About two thousand bytes. */
export const TEXT: string = `
The lighthouse keeper had two clocks. One hung in the kitchen and was always
five minutes slow; the other stood on the landing and was always right. Visitors
asked why he did not set the first by the second. He said that the slow one was
for bread and the right one for ships, and that bread had never complained.

In the autumn the geese came over in long, uneven lines. He wrote down how many
there were, because his father had done so, and because the book had room. Some
years there were four hundred, some years there were ninety. He did not know what
the numbers meant, but he liked to think that somebody would ask one day, and that
he would be able to answer: in the year of the great storm there were two hundred
and twelve, and one of them was white.

The storm itself began on a Tuesday. First the wind turned to the north, then the
glass fell, then the gulls walked up the hill as if they had been called to a
meeting. By evening the sea was over the lower steps. He lit the lamp an hour
early and sat beside it with a pot of coffee and the book, and every quarter of an
hour he went out on the gallery to wipe the salt from the panes.

At two in the morning he saw a light where no light should be. It rose, and sank,
and rose again, a little further to the east each time. He counted between the
waves, as he had been taught, and worked out with a pencil where it would be at
dawn. Then he woke the pilot by telephone, and the pilot woke his brother, and the
two of them went down to the harbour without a word, because there was nothing to
be said that they had not said in other years.

When the sun came up the boat was behind the breakwater, with a broken mast and
five men who could not stop laughing. The keeper watched them through the glass.
Then he went down to the kitchen, where it was still five minutes before six, and
put the bread in the oven.
`.trim();
