import { describe, expect, it } from 'vitest';
import { planRoom } from './rooms.ts';

describe('the room of what is shown after something else', () => {
  it('is that of what was there, where what stands below it is in sight', () => {
    expect(planRoom({ height: 200, bottom: 700 }, 900)).toEqual({ height: 200, isBound: true });
    expect(planRoom({ height: 200, bottom: -300 }, 900)).toEqual({ height: 200, isBound: true });
  });

  it('is no less, and as much as it likes, where what stands below it is out of sight', () => {
    expect(planRoom({ height: 200, bottom: 900 }, 900)).toEqual({ height: 200, isBound: false });
  });
});
