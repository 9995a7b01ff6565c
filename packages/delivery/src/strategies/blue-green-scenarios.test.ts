import { blueGreenScenarios } from '../../testing/scenarios/blue-green.ts';
import { testScripts } from '../../testing/test-scripts.ts';

testScripts(blueGreenScenarios, { subject: 'a blue-green release' });
