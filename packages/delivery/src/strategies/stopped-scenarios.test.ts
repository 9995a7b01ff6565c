/** Scenarios with controllers that are killed: that what they are held against is watched, and told apart. */
import { expect, test } from 'vitest';
import { hastyHands } from '../../testing/hasty-hands.ts';
import { play, type Script } from '../../testing/scripted-release.ts';
import { playStopped, stopsInTurn } from '../../testing/stopped-scripts.ts';

const timeout = 120_000;
const stop = 'eachAction';

const promoted: Script = {
  name: 'promoted by a person',
  strategy: { type: 'blueGreen', blueGreen: { autoPromote: false } },
  deeds: [{ deploy: 'b' }, { seconds: 5 }, { command: 'promote' }, { seconds: 20 }, { see: { serving: '2' } }],
};

test(
  'an engine that lets pods go which serve breaks the rules',
  async () => {
    const undisturbed = await play(promoted);
    const hand = hastyHands['lets go whoever is to leave'];
    await expect(playStopped(promoted, { stop, undisturbed, hand })).rejects.toThrow(
      /^stopped after each action: rules are broken: .*(leaving|requests|capacity): /,
    );
  },
  timeout,
);

test(
  'an engine whose order of writes is wrong does as it should until it is stopped between two of them',
  async () => {
    const hand = hastyHands['forgets commands before it writes down what came of them'];
    const undisturbed = await play(promoted, { hand });
    expect(undisturbed.end).toEqual((await play(promoted)).end);
    await expect(playStopped(promoted, { stop, undisturbed, hand })).rejects.toThrow(
      /^stopped after each action: seen is /,
    );
  },
  timeout,
);

test(
  'an end that is another one than undisturbed is told',
  async () => {
    const undisturbed = await play(promoted);
    const other = { ...undisturbed, end: { ...undisturbed.end, serving: '1' } };
    await expect(playStopped(promoted, { stop: { after: 3 }, undisturbed: other })).rejects.toThrow(
      /^stopped after action 3: the end is .* and undisturbed /,
    );
  },
  timeout,
);

test('each action has its turn', () => {
  const end = { serving: '1', weights: '', phases: '', pods: '', attempts: '', scale: 1 };
  expect(stopsInTurn({ end, actions: 3 })).toEqual([{ after: 1 }, { after: 2 }, { after: 3 }]);
});

test('each action of each scenario has its turn in one part, and every part has some of each', () => {
  const end = { serving: '1', weights: '', phases: '', pods: '', attempts: '', scale: 1 };
  const played = { end, actions: 30 };
  for (const place of [0, 1, 6]) {
    const parts = Array.from({ length: 7 }, (_, index) =>
      stopsInTurn(played, { part: { number: index + 1, of: 7 }, place }),
    );
    expect(new Set(parts.flat().map((stop) => JSON.stringify(stop))).size).toBe(30);
    expect(parts.flat()).toHaveLength(30);
    expect(Math.min(...parts.map(({ length }) => length))).toBe(4);
  }
});
