import { canaryScenarios } from '../../testing/scenarios/canary.ts';
import { testScripts } from '../../testing/test-scripts.ts';

testScripts(canaryScenarios, { subject: 'a canary' });
