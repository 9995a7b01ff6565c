/** The node agent as Kubernetes documents it, shown by kubectl. All pods of a cluster live at the same time. */
import { afterAll, beforeAll, describe } from 'vitest';
import { contents } from './pods/contents.ts';
import { endings } from './pods/endings.ts';
import { images } from './pods/images.ts';
import { initContainers } from './pods/init-containers.ts';
import { logs } from './pods/logs.ts';
import { obstacles } from './pods/obstacles.ts';
import { privileges } from './pods/privileges.ts';
import { probes } from './pods/probes.ts';
import { terminations } from './pods/terminations.ts';
import { missing } from './support/execute.ts';
import { ordinaryUser, plainUser, root } from './support/person.ts';
import { PodLives } from './support/pod-lives.ts';
import { startCluster } from './support/slipway.ts';

const topics = [
  { name: 'init containers', declare: initContainers },
  { name: 'a container that ends', declare: endings },
  { name: 'a container that cannot start', declare: obstacles },
  { name: 'probes', declare: probes },
  { name: 'the end of a pod', declare: terminations },
  { name: 'volumes and variables', declare: contents },
  { name: 'logs', declare: logs },
  { name: 'images', declare: images },
];

const noKubectl = await missing('kubectl');

describe.each([root, ordinaryUser, plainUser])('pods of $name', (person) => {
  const reason = person.reason ?? noKubectl;
  describe.skipIf(reason !== undefined).concurrent(reason ?? `at level ${person.level}`, () => {
    const pods = new PodLives();

    beforeAll(() => pods.start(() => startCluster({ person })));
    afterAll(() => pods.stop());

    describe.each(topics)('$name', ({ declare }) => {
      declare(pods, person);
    });
    // What needs rights is not a test that is left out where there are none: it is no promise there.
    if (person.level === 'root') {
      describe('rights', () => {
        privileges(pods);
      });
    }
  });
});
