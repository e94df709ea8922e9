import { expect, test } from '@jest/globals';
import { STYLE } from '../../../src/pages/style.ts';

type Palette = Readonly<Record<string, string>>;

const paletteOf = (css: string): Palette =>
  Object.fromEntries([...css.matchAll(/--([a-z-]+):#([0-9a-f]+)/g)].map(([, name, hex]) => [name, hex]));

const [light = '', dark = ''] = STYLE.split('@media(prefers-color-scheme:dark)');
const PALETTES: readonly (readonly [scheme: string, palette: Palette])[] = [
  ['light', paletteOf(light)],
  ['dark', paletteOf(dark.slice(0, dark.indexOf('}}')))],
];

/** WCAG 2.2, relative luminance. */
const luminance = (hex: string): number => {
  const full = hex.length === 3 ? hex.replace(/./g, '$&$&') : hex;
  const [red = 0, green = 0, blue = 0] = [0, 2, 4].map((at) => {
    const channel = Number.parseInt(full.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
};

const contrast = (one: string, other: string): number => {
  const [dim = 0, bright = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dim + 0.05);
};

/** SC 1.4.3 asks 4.5 of text, SC 1.4.11 asks 3 of the edge of a control and of the focus outline. */
const PAIRS: readonly (readonly [front: string, back: string, least: number])[] = [
  ['text', 'card', 4.5],
  ['text', 'tint', 4.5],
  ['muted', 'card', 4.5],
  ['muted', 'tint', 4.5],
  ['muted', 'ground', 4.5],
  ['on-accent', 'accent', 4.5],
  ['on-accent', 'accent-hover', 4.5],
  ['edge', 'card', 3],
  ['accent', 'card', 3],
];

test.each(PALETTES)('WCAG AA contrast, %s', (_scheme, palette) => {
  expect(Object.keys(palette)).toHaveLength(10);
  const low = PAIRS.filter(
    ([front, back, least]) => !(contrast(palette[front] ?? '', palette[back] ?? '') >= least),
  );
  expect(low).toEqual([]);
});

test('nothing remote, nothing that ends the style element', () => {
  expect(STYLE).not.toMatch(/url\(|@import|<|\n/);
});
