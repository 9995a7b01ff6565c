/**
 * `slipway install` and `uninstall` against a cluster that enforces RBAC. A controller with the token of the installed
 * ServiceAccount releases, goes back and takes down: what it asks for is what its role grants, neither less nor more.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { applications, type ApplicationSpec } from '@slipway/delivery/api/application';
import { archiveFinalizer, releases } from '@slipway/delivery/api/release';
import { gatewayGrants, leadershipGrants, servingGrants, type Grant } from '@slipway/delivery/install/grants';
import { controllerName, homeNamespace, roleName } from '@slipway/delivery/install/names';
import {
  clusterRoles,
  configMaps,
  customResourceDefinitions,
  deployments,
  namespaces,
  replicaSets,
  secrets,
} from '@slipway/kube/resources';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ControllerProcess, UsedRight } from './support/controller-process.ts';
import { clusterTitle, needsEmbedded, startDeliveryCluster, type DeliveryCluster } from './support/delivery-cluster.ts';
import type { Outcome } from './support/execute.ts';
import { startInstalledController } from './support/installed-controller.ts';
import { self } from './support/person.ts';
import { applicationOn, type ReleasedApplication } from './support/traffic/released-application.ts';
import { startTraffic, type Traffic } from './support/traffic/traffic.ts';

const grants: readonly Grant[] = [...servingGrants, ...leadershipGrants, ...gatewayGrants];

const reason = needsEmbedded('a cluster whose kinds and roles may be taken away');

describe.skipIf(reason !== undefined)(
  `slipway install, ${clusterTitle}${reason === undefined ? '' : `: ${reason}`}`,
  { timeout: 100_000 },
  () => {
    let cluster: DeliveryCluster;
    let namespace: string;
    let application: ReleasedApplication;
    let controller: ControllerProcess;
    let traffic: Traffic;
    /** Of all controllers, one after another. */
    const used: UsedRight[] = [];

    beforeAll(async () => {
      cluster = await startDeliveryCluster({ controllers: 0, planes: ['built-in'] });
      ({ namespace } = cluster);
      await cluster.client.create(configMaps, { metadata: { namespace, name: 'settings' }, data: { COLOUR: 'blue' } });
      await cluster.client.create(secrets, { metadata: { namespace, name: 'keys' }, data: { KEY: 'c2VjcmV0' } });
    });

    afterAll(async () => {
      application?.close();
      await controller?.stop();
      await cluster?.stop();
    });

    function gateway(): string {
      return cluster.gateways.get('built-in') ?? '';
    }

    function run(...words: readonly string[]): Promise<Outcome> {
      return self.slipway(...words, '--kubeconfig', cluster.kubeconfig);
    }

    async function slipway(...words: readonly string[]): Promise<string> {
      const { exitCode, stdout, stderr } = await run(...words);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      return stdout;
    }

    /** The image of the pods is nowhere: it is the role that is tried here. */
    async function installWithoutPods(...words: readonly string[]): Promise<string> {
      const said = await slipway('install', ...words);
      const home = words.includes('--namespace') ? namespace : homeNamespace;
      const none = { type: 'merge', body: { spec: { replicas: 0 } } } as const;
      await cluster.client.patch(deployments, { namespace: home, name: controllerName }, none);
      return said;
    }

    it('writes nothing without the rights to write all of it', async () => {
      const { exitCode, stderr } = await self.slipway('install', '--kubeconfig', await asNobody(cluster));
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: expect.stringMatching(
          /^Nothing was changed: this user may not\n.*create clusterroles\.rbac\.authorization\.k8s\.io\n.*create deployments\.apps in the namespace slipway-system\n/s,
        ),
      });
      await expect(cluster.client.get(namespaces, { name: homeNamespace })).rejects.toThrow('not found');
    });

    it('writes nothing in a dry run', async () => {
      expect(await slipway('install', '--dry-run')).toContain('ClusterRole slipway:controller would be created');
      await expect(cluster.client.get(namespaces, { name: homeNamespace })).rejects.toThrow('not found');
    });

    it('writes nothing for a namespace that there is none of', async () => {
      expect(await run('install', '--namespace', 'nowhere')).toMatchObject({
        exitCode: 1,
        stdout: '',
        stderr: expect.stringContaining('Create it with: kubectl create namespace nowhere'),
      });
    });

    it('writes everything, and nothing a second time', async () => {
      expect(await installWithoutPods()).toContain(`Deployment ${homeNamespace}/${controllerName} created`);
      const again = await slipway('install', '--dry-run');
      expect(again.match(/would be \w+/g)).toEqual(['would be changed']);
      expect(again).toContain(`Deployment ${homeNamespace}/${controllerName} would be changed`);
    });

    it('gives rights that suffice for releases, going back and taking down', async () => {
      controller = await startInstalledController(cluster, { home: homeNamespace });
      application = await applicationOn(cluster, 'shop', {
        environmentFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'keys' } }],
        replicas: 2,
      });
      await release('v1');
      traffic = await startTraffic({
        target: gateway(),
        host: application.host,
        rate: 20,
        versions: ['v1', 'v2'],
      });
      await release('v2', { strategy: { type: 'blueGreen' } });
      await traffic.load.allow(['v1', 'v2', 'v3']);
      await release('v3', { strategy: canary(20) });
      await application.command('rollback', 'v2');
      await application.reaches({ version: 'v2', phases: ['Succeeded'], attempt: 2 });
      expect(await controller.probe('/readyz')).toBe('200 ok');
      expect(refusals(await controller.requests())).toEqual([]);
    });

    it('uninstalls in the middle of a release, and everything serves', async () => {
      await traffic.load.allow(['v2', 'v4']);
      await application.ask('v4', {
        strategy: { type: 'canary', canary: { steps: [{ setWeight: 40 }, { pause: {} }] } },
      });
      await application.carries('v4', 40);
      used.push(...(await controller.requests()));
      const said = await slipway('uninstall');
      expect(said).toContain(`Deployment ${homeNamespace}/${controllerName} removed`);
      expect(said).toContain('What serves goes on serving');
      await controller.stop();
      await expect(cluster.client.get(clusterRoles, { name: roleName })).rejects.toThrow('not found');
      await cluster.client.get(customResourceDefinitions, { name: 'applications.slipway.dev' });
      const { succeeded } = traffic.load.report;
      await expect.poll(() => traffic.load.report.succeeded, { timeout: 60_000 }).toBeGreaterThan(succeeded + 40);
      expect(await slipway('uninstall')).toContain(`Deployment ${homeNamespace}/${controllerName} is not there`);
    });

    it('installs again, and the release goes on where it was', async () => {
      await installWithoutPods();
      controller = await startInstalledController(cluster, { home: homeNamespace });
      await application.command('promote');
      await application.reaches({ version: 'v4', phases: ['Succeeded'] });
      const { load, clients } = await traffic.stop();
      expect({ short: load.failures, others: clients.failures }).toEqual({ short: [], others: [] });
    });

    it('takes down what is deleted, and has used every right that it was given', async () => {
      await cluster.client.delete(applications, { namespace, name: 'shop' });
      await isGone(cluster);
      used.push(...(await controller.requests()));
      expect(refusals(used)).toEqual([]);
      expect(ungranted(used)).toEqual([]);
      expect(unused(used)).toEqual([]);
      await expect.poll(() => controller.metrics(), poll).toContain('slipway_controller_leader 1');
      await controller.stop();
      await slipway('uninstall');
    });

    it('installs for one namespace, by Roles alone', async () => {
      expect(await installWithoutPods('--namespace', namespace)).not.toContain('ClusterRole');
      controller = await startInstalledController(cluster, { home: namespace, words: ['--namespace', namespace] });
      await release('v5', { strategy: canary(30) });
      const requests = await controller.requests();
      expect(refusals(requests)).toEqual([]);
      expect(ungranted(requests)).toEqual([]);
      const { exitCode, stderr } = await run('install');
      expect({ exitCode, stderr }).toEqual({
        exitCode: 1,
        stderr: expect.stringContaining(`a controller of the namespace ${namespace} is installed there`),
      });
    });

    it('removes the kinds, and everything serves', async () => {
      await controller.stop();
      // As a server does that was there, and is not any more.
      const { items } = await cluster.client.list(releases, { namespace });
      for (const { metadata } of items)
        await cluster.client.patch(
          releases,
          { namespace, name: metadata.name ?? '' },
          { type: 'merge', body: { metadata: { finalizers: [archiveFinalizer] } } },
        );
      await slipway('uninstall', '--namespace', namespace);
      const said = await slipway('uninstall', '--crds');
      expect(said).toContain('CustomResourceDefinition applications.slipway.dev removed');
      expect(said).toContain('CustomResourceDefinition splits.slipway.dev kept');
      const definition = { name: 'applications.slipway.dev' };
      await expect
        .poll(() => cluster.client.get(customResourceDefinitions, definition).then(() => 'there', String), poll)
        .toContain('not found');
      await expect
        .poll(
          () =>
            cluster.client.get(customResourceDefinitions, { name: 'releases.slipway.dev' }).then(() => 'there', String),
          poll,
        )
        .toContain('not found');
      const after = await startTraffic({ target: gateway(), host: application.host, rate: 20, versions: ['v5'] });
      await expect.poll(() => after.load.report.succeeded, poll).toBeGreaterThan(20);
      const { load, clients } = await after.stop();
      expect({ short: load.failures, others: clients.failures }).toEqual({ short: [], others: [] });
    });

    async function release(version: string, spec: Partial<ApplicationSpec> = {}): Promise<void> {
      await application.ask(version, spec);
      await application.reaches({ version, phases: ['Succeeded'] });
    }
  },
);

const poll = { timeout: 60_000 };

function canary(weight: number): NonNullable<ApplicationSpec['strategy']> {
  return { type: 'canary', canary: { steps: [{ setWeight: weight }] } };
}

/** Of somebody whom the cluster knows and who may do nothing. */
async function asNobody({ ask, folder }: DeliveryCluster): Promise<string> {
  await ask('create', 'serviceaccount', 'nobody');
  const token = await ask('create', 'token', 'nobody');
  const config: { readonly users: readonly object[] } = JSON.parse(
    await ask('config', 'view', '--raw', '--minify', '-o', 'json'),
  );
  const file = join(folder, 'nobody.kubeconfig');
  const users = config.users.map((user) => ({ ...user, user: { token } }));
  await writeFile(file, JSON.stringify({ ...config, users }), { mode: 0o600 });
  return file;
}

/** Resolves when nothing of the Application is left. */
async function isGone({ client, namespace }: DeliveryCluster): Promise<void> {
  const left = async (): Promise<number> => {
    const [asked, sets] = await Promise.all([
      client.list(applications, { namespace }),
      client.list(replicaSets, { namespace }),
    ]);
    return asked.items.length + sets.items.length;
  };
  await expect.poll(left, poll).toBe(0);
}

function refusals(used: readonly UsedRight[]): readonly UsedRight[] {
  return used.filter(({ code }) => code === '403' || code === '401');
}

function granted(): ReadonlyMap<string, string | undefined> {
  return new Map(
    grants.flatMap(({ verbs, resource, apiGroup, rare }) =>
      verbs.map((verb) => [`${verb} ${apiGroup === '' ? resource : `${resource}.${apiGroup}`}`, rare?.[verb]] as const),
    ),
  );
}

function asked(used: readonly UsedRight[]): ReadonlySet<string> {
  // What names no resource, such as the version of the server, needs no role.
  return new Set(used.flatMap(({ verb, resource }) => (resource === '' ? [] : [`${verb} ${resource}`])));
}

function ungranted(used: readonly UsedRight[]): readonly string[] {
  const all = granted();
  return [...asked(used)].filter((right) => !all.has(right));
}

/** Of those that do not say when they are needed. */
function unused(used: readonly UsedRight[]): readonly string[] {
  const all = asked(used);
  return [...granted()].flatMap(([right, rare]) => (rare === undefined && !all.has(right) ? [right] : []));
}
