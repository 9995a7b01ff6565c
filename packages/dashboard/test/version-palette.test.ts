/** The colours of `src/styles/tokens.css`, as different eyes see them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { colourCount } from '../src/parts/version-colours.ts';

type Rgb = readonly [number, number, number];

const css = readFileSync(new URL('../src/styles/tokens.css', import.meta.url), 'utf8');

/** In linear light, of the light and of the dark page. */
function readColours(name: string): readonly [light: Rgb, dark: Rgb] {
  const [, light = '', dark = ''] = new RegExp(String.raw`--${name}: light-dark\((#\w{6}), (#\w{6})\)`).exec(css) ?? [];
  return [parse(light), parse(dark)];
}

function parse(hex: string): Rgb {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return [red, green, blue];
}

/** How people see who lack one kind of cones: Machado, Oliveira and Fernandes 2009, severity 1. */
const sights = {
  'all cones': [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  'no red': [
    [0.152286, 1.052583, -0.204868],
    [0.114503, 0.786281, 0.099216],
    [-0.003882, -0.048116, 1.051998],
  ],
  'no green': [
    [0.367322, 0.860646, -0.227968],
    [0.280085, 0.672501, 0.047413],
    [-0.01182, 0.04294, 0.968881],
  ],
  'no blue': [
    [1.255528, -0.076749, -0.178779],
    [-0.078411, 0.930809, 0.147602],
    [0.004733, 0.691367, 0.3039],
  ],
} as const;

function apply(matrix: readonly Rgb[], colour: Rgb): Rgb {
  const [one = 0, two = 0, three = 0] = matrix.map((row) =>
    Math.min(1, Math.max(0, row[0] * colour[0] + row[1] * colour[1] + row[2] * colour[2])),
  );
  return [one, two, three];
}

/** OKLab: equal distances look about equal, and 0.02 is what one just sees. */
function toLab(colour: Rgb): Rgb {
  const times = (row: Rgb, by: Rgb): number => row[0] * by[0] + row[1] * by[1] + row[2] * by[2];
  const cones: Rgb = [
    Math.cbrt(times([0.4122214708, 0.5363325363, 0.0514459929], colour)),
    Math.cbrt(times([0.2119034982, 0.6806995451, 0.1073969566], colour)),
    Math.cbrt(times([0.0883024619, 0.2817188376, 0.6299787005], colour)),
  ];
  return [
    times([0.2104542553, 0.793617785, -0.0040720468], cones),
    times([1.9779984951, -2.428592205, 0.4505937099], cones),
    times([0.0259040371, 0.7827717662, -0.808675766], cones),
  ];
}

function luminance([red, green, blue]: Rgb): number {
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

describe.each([
  ['light', 0],
  ['dark', 1],
] as const)('the colours of versions on the %s page', (_, theme) => {
  const colours = Array.from({ length: colourCount }, (__, index) => readColours(`version-${index}`)[theme]);

  test.each(Object.entries(sights))('are told apart by eyes with %s', (__, matrix) => {
    const seen = colours.map((colour) => toLab(apply(matrix, colour)));
    for (const [index, one] of seen.entries())
      for (const other of seen.slice(index + 1))
        expect(Math.hypot(one[0] - other[0], one[1] - other[1], one[2] - other[2])).toBeGreaterThan(0.1);
  });

  test('stand out from their ground', () => {
    const [high, low] = [luminance(readColours('surface')[theme]), colours.map(luminance)];
    for (const each of low) {
      const [bright, dim] = [Math.max(each, high), Math.min(each, high)];
      expect((bright + 0.05) / (dim + 0.05)).toBeGreaterThan(3);
    }
  });
});
