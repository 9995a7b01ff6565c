import { testHistories } from '../../testing/test-histories.ts';

testHistories('lagging');
