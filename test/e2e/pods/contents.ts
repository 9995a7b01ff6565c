import { expect, it } from 'vitest';
import { awaitGate, gates, script, shell, soon, work, type PodLives } from '../support/pod-lives.ts';

/** Every file of the folder: the folder's name and its own, its mode, its content. */
const listing = `for file in $(find -L . -type f ! -path '*/..*' | sort); do
  echo "$(basename $PWD)/\${file#./} $(stat -Lc %a $file) $(cat $file)"
done`;

export function contents(pods: PodLives): void {
  pods.givenObject({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'colours' },
    data: { a: 'red', b: 'blue' },
  });
  pods.givenObject({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login' },
    stringData: { user: 'ann', pass: 'p$w' },
  });
  pods.givenObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'changing' }, data: { word: 'old' } });

  const filled = pods.given(
    'filled',
    {
      restartPolicy: 'Never',
      containers: [
        shell(
          `for folder in /about /all /items /mixed /none /secret; do (cd $folder && ${listing}); done; cat /alone`,
          {
            resources: { limits: { cpu: '1500m' } },
            volumeMounts: [
              { name: 'all', mountPath: '/all' },
              { name: 'items', mountPath: '/items' },
              { name: 'secret', mountPath: '/secret' },
              { name: 'about', mountPath: '/about' },
              { name: 'mixed', mountPath: '/mixed' },
              { name: 'none', mountPath: '/none' },
              { name: 'all', mountPath: '/alone', subPath: 'a' },
            ],
          },
        ),
      ],
      volumes: [
        { name: 'all', configMap: { name: 'colours' } },
        { name: 'items', configMap: { name: 'colours', items: [{ key: 'a', path: 'deep/a', mode: 0o400 }] } },
        { name: 'secret', secret: { secretName: 'login', defaultMode: 0o440 } },
        {
          name: 'about',
          downwardAPI: {
            items: [
              { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
              { path: 'cpu', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' } },
            ],
          },
        },
        {
          name: 'mixed',
          projected: {
            sources: [
              { configMap: { name: 'colours', items: [{ key: 'b', path: 'b' }] } },
              { secret: { name: 'login', items: [{ key: 'user', path: 'user' }] } },
              { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
            ],
          },
        },
        { name: 'none', configMap: { name: 'absent', optional: true } },
      ],
    },
    { labels: { app: 'filled', tier: 'front' } },
  );
  it('come from every source, with their modes', async () => {
    expect(await pods.result(filled)).toEqual([
      'about/cpu 644 1500',
      'about/labels 644 app="filled"',
      'tier="front"',
      'all/a 644 red',
      'all/b 644 blue',
      'items/deep/a 400 red',
      'mixed/b 644 blue',
      'mixed/name 644 filled',
      'mixed/user 644 ann',
      'secret/pass 440 p$w',
      'secret/user 440 ann',
      'red',
    ]);
  });

  const told = pods.given(
    'told',
    {
      restartPolicy: 'Never',
      containers: [
        {
          ...shell(''),
          command: ['sh', '-c', 'env | grep ^T_ | sort; echo $0 $1', '$(T_USER)', '$$(T_USER)'],
          envFrom: [
            { prefix: 'T_C_', configMapRef: { name: 'colours' } },
            { secretRef: { name: 'absent', optional: true } },
          ],
          env: [
            { name: 'T_USER', valueFrom: { secretKeyRef: { name: 'login', key: 'user' } } },
            { name: 'T_TEXT', value: '$(T_USER) $(T_C_a) $(T_NONE) $$(T_USER)' },
            { name: 'T_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            { name: 'T_LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
            { name: 'T_MEMORY', valueFrom: { resourceFieldRef: { resource: 'requests.memory', divisor: '1Mi' } } },
            { name: 'T_OPTIONAL', valueFrom: { configMapKeyRef: { name: 'absent', key: 'a', optional: true } } },
          ],
          resources: { requests: { memory: '64Mi' } },
        },
      ],
    },
    { labels: { app: 'told' } },
  );
  it('are in variables, which refer to each other', async () => {
    expect(await pods.result(told)).toEqual([
      'T_C_a=red',
      'T_C_b=blue',
      'T_LABEL=told',
      'T_MEMORY=64',
      'T_NAME=told',
      'T_TEXT=ann red $(T_NONE) $(T_USER)',
      'T_USER=ann',
      'ann $(T_USER)',
    ]);
  });

  const updated = pods.given(
    'updated',
    {
      restartPolicy: 'Never',
      containers: [
        shell('until grep -q new /work/word && grep -q later /about/labels; do sleep 0.1; done; cat /work/word', {
          volumeMounts: [work, { name: 'about', mountPath: '/about' }],
        }),
      ],
      volumes: [
        { name: 'work', configMap: { name: 'changing' } },
        { name: 'about', downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
      ],
    },
    { labels: { when: 'now' } },
  );
  it('reach a pod that runs when they change', async () => {
    await pods.wait(updated, 'condition=Ready');
    await pods.cluster.ask('patch', 'configmap', 'changing', '-p', '{"data":{"word":"new"}}');
    await pods.cluster.ask('label', 'pod', updated, 'when=later', '--overwrite');
    expect(await pods.result(updated)).toEqual(['new']);
  });

  const shared = pods.given('shared', {
    restartPolicy: 'Never',
    containers: [
      shell('until [ -e /work/said ]; do sleep 0.1; done; cat /work/said', { volumeMounts: [work] }),
      shell('echo hello >/work/saying && mv /work/saying /work/said', { name: 'other', volumeMounts: [work] }),
    ],
    volumes: [{ name: 'work', emptyDir: {} }],
  });
  it('of an emptyDir are shared by the containers of a pod', async () => {
    await pods.when(shared, ({ status }) => status?.phase === 'Succeeded');
    expect(await pods.logs(shared, '-c', 'main')).toBe('hello');
  });

  const asking = pods.given('asking', {
    restartPolicy: 'Never',
    containers: [
      script(
        `const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = process.env;
        fetch('https://' + host + ':' + port + '/version').then(({ status }) => console.log(status), ({ cause }) => console.log(cause.code)).finally(() => process.exit());`,
        { env: [{ name: 'NODE_EXTRA_CA_CERTS', value: '/var/run/secrets/kubernetes.io/serviceaccount/ca.crt' }] },
      ),
    ],
  });
  it('say where the API server is', async () => {
    expect(await pods.result(asking)).toEqual(['200']);
  });

  const overfull = pods.given('overfull', {
    containers: [
      shell(`head -c 2000000 /dev/zero >/work/file; ${awaitGate('never')}`, { volumeMounts: [work, gates] }),
    ],
    volumes: [{ name: 'work', emptyDir: { sizeLimit: '1Mi' } }],
  });
  it('beyond the limit of an emptyDir evict the pod', async () => {
    await pods.wait(overfull, 'jsonpath={.status.reason}=Evicted');
    const { status } = await pods.when(overfull, () => true);
    expect(status).toMatchObject({
      phase: 'Failed',
      message: 'Usage of EmptyDir volume "work" exceeds the limit "1Mi". ',
    });
    await soon(() => pods.events(overfull)).toContain(
      'Evicted: Usage of EmptyDir volume "work" exceeds the limit "1Mi". ',
    );
  });
}
