// Cuts a variable font down to what the console shows: its letters, its weights, its sizes, its features.
// Reads [{from, to, text, features, axes}] from standard input; without a text all letters stay.
import { readFileSync, writeFileSync } from 'node:fs';
import subset from 'subset-font';

for (const { from, to, text, features, axes } of JSON.parse(readFileSync(0, 'utf8'))) {
  const letters = text ? { } : { keepAllGlyphs: true };
  const options = { targetFormat: 'woff2', noHinting: true, keepFeatures: features, variationAxes: axes, ...letters };
  writeFileSync(to, await subset(readFileSync(from), text, options));
}
