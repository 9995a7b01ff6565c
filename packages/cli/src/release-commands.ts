/** The commands about versions of Applications: releasing them, looking at them, and what people say of them. */
import type { Command } from 'commander';
import { command } from './command.ts';
import {
  chooseManifests,
  collect,
  parseCount,
  parseImage,
  parseSeconds,
  withGlobalOptions,
  withManifests,
  withWait,
  withoutCluster,
} from './options.ts';
import { verbs } from './verb-table.ts';

export function addReleaseCommands(program: Command): void {
  addDeploy(program);
  addLint(program);
  addDiff(program);
  addReleases(program);
  addDescribe(program);
  addLogs(program);
  addCopyCommand(program);
  addVerbCommands(program);
  addApproveCommand(program);
  addHandoverCommands(program);
}

function addCopyCommand(program: Command): void {
  const copying = withGlobalOptions(
    command(program, 'copy <application>', [
      'slipway copy shop --to production',
      'slipway copy shop --to production-cluster/shop --wait=promoted',
      'slipway copy shop --to production --with-configuration --host shop.example.org --dry-run',
    ]),
    { context: 'context of the cluster to copy from', namespace: 'namespace to copy from' },
  )
    .summary('carry the version that serves to another namespace or cluster')
    .description(
      'Releases the version that serves here in another namespace: its template, configuration, checks, hooks and strategy, as they were released. What belongs to the place stays as it is there: replicas, route, history, preview hosts.',
    )
    .requiredOption('--to <target>', 'CONTEXT/NAMESPACE, or NAMESPACE of the same cluster')
    .option('--version <version>', 'another version than the one that serves')
    .option('--host <host>', 'host of its route there, in place of those that it has; repeatable', collect, [])
    .option('--with-configuration', 'copy ConfigMaps and Secrets that do not exist there', false)
    .option('--force', 'copy a version that has not succeeded, too', false)
    .option('--dry-run', 'show what would change there, and change nothing', false);
  withWait(copying, 'wait until the release there is promoted, or has succeeded').action(async (application, options) =>
    (await import('./commands/copy.ts')).copy(application, options),
  );
}

function addDeploy(program: Command): void {
  const deploying = withGlobalOptions(
    withManifests(
      command(program, 'deploy', [
        'slipway deploy slipway.yaml',
        'slipway deploy slipway.yaml --version 1.5.0 --image web=shop:1.5.0 --wait',
        'slipway deploy manifests/ --wait=promoted --timeout 120',
        'slipway deploy slipway.yaml --dry-run',
        'kubectl kustomize overlays/prod | slipway deploy -',
      ]),
    ),
  )
    .summary('apply manifests; a changed Application starts a release')
    .description(
      'Applies the manifests in a file, a directory or standard input (-). An Application whose version, template or configuration changed starts a release.',
    )
    .option('--version <version>', 'version of the release')
    .option('--image <container=image>', 'image of a container; repeatable', parseImage, [])
    .option('--strategy <type>', 'release strategy, such as rolling or blueGreen')
    .option('--dry-run', 'say what would change, or what is wrong, and change nothing', false);
  withWait(deploying, 'wait until the release is promoted, or has succeeded').action(async (file, options) =>
    (await import('./commands/deploy.ts')).deploy(chooseManifests(file, options.filename), options),
  );
}

function addLint(program: Command): void {
  withGlobalOptions(
    withManifests(
      command(program, 'lint', [
        'slipway lint slipway.yaml',
        'slipway lint manifests/ --strict',
        'slipway lint slipway.yaml -o json',
        'kubectl kustomize overlays/prod | slipway lint -',
      ]),
    ),
    withoutCluster,
  )
    .summary('say what is wrong or risky in manifests')
    .description(
      'Looks at the manifests in a file, a directory or standard input (-) without any cluster: what would be refused, and what may cost requests later.',
    )
    .option('--strict', 'fail on warnings too', false)
    .action(async (file, options) =>
      (await import('./commands/lint.ts')).lint(chooseManifests(file, options.filename), options),
    );
}

function addDiff(program: Command): void {
  withGlobalOptions(
    command(program, 'diff <what> [from] [to]', [
      'slipway diff slipway.yaml',
      'slipway diff manifests/',
      'slipway diff shop 1.4.0 1.5.0',
    ]),
    { output: 'print both sides of what differs as data' },
  )
    .summary('show what a deployment would change, or what two versions differ in')
    .description(
      'Compares the manifests in a file, a directory or standard input (-) with what is in the cluster, by a dry run, or two versions of an Application with the configuration that was frozen with them. Values of Secrets are not shown. It exits with 0 where nothing differs, with 1 where something does, and with more where that cannot be told.',
    )
    .action(async (what, from, to, options) => (await import('./commands/diff.ts')).diff({ what, from, to }, options));
}

function addReleases(program: Command): void {
  withGlobalOptions(
    command(program, 'releases <application>', ['slipway releases shop', 'slipway releases shop -o json']),
  )
    .summary('list the releases of an Application')
    .action(async (application, options) => (await import('./commands/releases.ts')).releases(application, options));
}

function addDescribe(program: Command): void {
  withGlobalOptions(command(program, 'describe <name>', ['slipway describe shop', 'slipway describe shop-1.5.0']))
    .summary('show an Application or a Release, and what it waits for')
    .action(async (name, options) => (await import('./commands/describe.ts')).describe(name, options));
}

function addLogs(program: Command): void {
  withGlobalOptions(
    command(program, 'logs <application>', [
      'slipway logs shop',
      'slipway logs shop -f --tail 10',
      'slipway logs shop --previous',
    ]),
    { output: 'print each line as data, with its pod and container' },
  )
    .summary("print the logs of an Application's pods, merged")
    .option('-f, --follow', 'go on as pods write', false)
    .option('--tail <lines>', 'lines of each container to begin with', parseCount)
    .option('-p, --previous', 'what containers wrote before their last restart', false)
    .option('--timestamps', 'the time before each line', false)
    .action(async (application, options) => (await import('./commands/logs.ts')).logs(application, options));
}

function addVerbCommands(program: Command): void {
  for (const verb of verbs) {
    const target = withGlobalOptions(command(program, `${verb.name} ${verb.arguments}`, verb.examples)).summary(
      verb.summary,
    );
    withWait(
      target,
      'wait until the release has succeeded, or gone back if that is asked; promoted: until its traffic has moved',
    );
    target.action(async (application: string, ...rest: readonly unknown[]) => {
      const { runVerb } = await import('./commands/verbs.ts');
      const version = typeof rest[0] === 'string' ? rest[0] : undefined;
      await runVerb({ verb: verb.name, application, version, options: target.opts() });
    });
  }
}

function addApproveCommand(program: Command): void {
  withGlobalOptions(
    command(program, 'approve <application>', [
      'slipway approve shop',
      'slipway approve shop --gate sign-off --reason "read and agreed"',
    ]),
  )
    .summary('agree to the running release, where a hook of it asks somebody to')
    .description(
      'Creates a ReleaseApproval for the hook that waits for one. It agrees to that hook and starts nothing by itself; promote ends pauses and gates, and approves no hook.',
    )
    .option('--gate <name>', 'the hook to agree to (default: the one that waits)')
    .option('--reason <text>', 'why; shown with the outcome')
    .action(async (application, options) => (await import('./commands/approve.ts')).approve(application, options));
}

function addHandoverCommands(program: Command): void {
  const handover = (name: 'adopt' | 'eject', examples: readonly string[]): Command =>
    withGlobalOptions(command(program, `${name} <deployment>`, examples), { output: 'print what changes as data' })
      .option('--move-hpa', 'point its HorizontalPodAutoscaler at what will have the pods', false)
      .option('--dry-run', 'show what would change, and change nothing', false)
      .option('-y, --yes', 'change it without asking', false)
      .option('--timeout <seconds>', 'how long it may take; run again it goes on where it was', parseSeconds, 120);
  handover('adopt', [
    'slipway adopt shop --dry-run',
    'slipway adopt shop',
    'slipway adopt shop --yes --strategy blueGreen',
  ])
    .summary('make an Application of a Deployment that runs, without restarting a pod')
    .description(
      'Takes the pods of a Deployment over as the first version of an Application, and shows first what will change. The Deployment stays, paused, as the place where the template is edited: a change of it is a release.',
    )
    .option('--name <name>', 'name of the Application (default: the one that refers to it, or its own name)')
    .option('--strategy <type>', 'release strategy of a new Application (default: rolling)')
    .action(async (deployment, options) => (await import('./commands/adopt.ts')).adopt(deployment, options));
  handover('eject', ['slipway eject shop --dry-run', 'slipway eject shop --yes'])
    .summary('give a Deployment its pods back, without restarting one')
    .description(
      'Hands the pods of the version that serves back to the Deployment, which goes on by itself with its template, and removes the Application.',
    )
    .action(async (deployment, options) => (await import('./commands/eject.ts')).eject(deployment, options));
}
