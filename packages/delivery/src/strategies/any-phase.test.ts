/**
 * Whatever happens in whichever phase has one right end, under every strategy: each of them with each of those. What it is,
 * `docs/releases.md` says under "What happens in between".
 */
import { anyPhaseScenarios } from '../../testing/scenarios/any-phase.ts';
import { testScripts } from '../../testing/test-scripts.ts';

testScripts(anyPhaseScenarios);
