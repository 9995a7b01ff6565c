/** What properties are tried on is the same each time: a change is not to fail for what another one broke. */
import { configureGlobal } from 'fast-check';

const { SLIPWAY_TEST_SEED: seed = '1' } = process.env;

configureGlobal({ seed: Number(seed) });
