/** The commands that work with an embedded cluster. */
import { Option, type Command } from 'commander';
import { command } from './command.ts';
import { collect, ofEmbeddedCluster, parseNodes, parsePort, parseSeconds, withGlobalOptions } from './options.ts';

export function addClusterCommands(program: Command): void {
  addUp(program);
  addDown(program);
  addStatus(program);
  addOpen(program);
  addBuild(program);
}

function addUp(program: Command): void {
  withGlobalOptions(
    command(program, 'up', [
      'slipway up',
      'slipway up --detach --gateway-port 80',
      'slipway up --detach --data-dir ./second --context second --api-port 0 --gateway-port 0',
      'slipway up --ephemeral --runtime simulated',
      'slipway up --detach --nodes 3',
      'slipway up --ephemeral --runtime simulated --nodes 1000',
    ]),
    {
      kubeconfig: 'kubeconfig to add the cluster to (default: $KUBECONFIG, then ~/.kube/config)',
      context: 'what to call its context there (default: slipway; with --data-dir slipway-FOLDER-HASH)',
      namespace: 'namespace of that context (default: default)',
      output: 'with --detach: print where the cluster is as data',
    },
  )
    .summary('start the embedded cluster')
    .description(
      'Starts an embedded Kubernetes cluster on this machine, with delivery and gateway in it, and the deployment server beside it.',
    )
    .option('--data-dir <dir>', 'where the cluster keeps its state (default: ~/.local/share/slipway/default)')
    .option('--ephemeral', 'keep nothing: the state goes when the cluster stops', false)
    .option('--api-port <n>', 'port of the API server on 127.0.0.1; 0: any free one', parsePort, 6443)
    .option('--gateway-port <n>', 'port of the gateway on 127.0.0.1; 0: any free one', parsePort, 8080)
    .addOption(
      new Option('--data-plane <name>', "what carries the gateway's requests; auto: HAProxy where it is installed")
        .choices(['auto', 'built-in', 'haproxy'])
        .default('built-in'),
    )
    .addOption(
      new Option('--runtime <name>', 'what runs containers').choices(['auto', 'process', 'simulated']).default('auto'),
    )
    .addOption(levelOption())
    .option(
      '--nodes <n>',
      'how many nodes there are, to try cordon, drain and spreading: up to 16, or 5000 simulated ones',
      parseNodes,
      1,
    )
    .option('--no-controller', 'leave the delivery controller out, for one outside (slipway controller)')
    .option('--allow-private-targets', 'let its deployment server send notifications to private addresses too', false)
    .option(
      '--server-port <n>',
      'port of the deployment server on 127.0.0.1; 0: any free one (default: 8090, or any free one where that is in use)',
      parsePort,
    )
    .option('--no-server', 'leave the deployment server out')
    .option('--detach', 'return when the cluster is ready', false)
    .action(async (options) => (await import('./commands/up.ts')).up(options));
}

function addDown(program: Command): void {
  withGlobalOptions(
    command(program, 'down', [
      'slipway down',
      'slipway down --data-dir ./cluster --grace 10',
      'slipway down --context second',
    ]),
    ofEmbeddedCluster,
  )
    .summary('stop the embedded cluster and its pods')
    .description('Stops the embedded cluster and its pods. Its data stay, for the next up.')
    .option('--data-dir <dir>', 'data directory of the cluster')
    .option('--grace <seconds>', 'how long pods may take to end', parseSeconds, 2)
    .action(async (options) => (await import('./commands/down.ts')).down(options));
}

function addStatus(program: Command): void {
  withGlobalOptions(
    command(program, 'status', ['slipway status', 'slipway status -o json', 'slipway status --context production']),
    {
      kubeconfig: 'kubeconfig of the cluster to ask (default: the embedded one in --data-dir)',
      context: 'context of the cluster to ask',
      namespace: 'namespace whose Applications are counted (default: all)',
      output: 'print what is known as data',
    },
  )
    .summary('show the embedded cluster, or any other')
    .description(
      'Shows whether the embedded cluster runs, where, and with what rights. With --kubeconfig or --context: whether the cluster that they name answers, and what of Slipway runs in it.',
    )
    .option('--data-dir <dir>', 'data directory of the cluster')
    .action(async (options) => (await import('./commands/status.ts')).status(options));
}

function addOpen(program: Command): void {
  withGlobalOptions(
    command(program, 'open', ['slipway open', 'slipway open --print', 'slipway open --data-dir ./second']),
    { ...ofEmbeddedCluster, output: 'print the link as data, and open nothing' },
  )
    .summary('log in to the deployment server of the embedded cluster, in a browser')
    .description(
      'Asks the deployment server beside the embedded cluster for a link that logs a browser in as its first admin, once and within a minute, and opens it. Where there is no browser it prints the link.',
    )
    .option('--data-dir <dir>', 'data directory of the cluster')
    .option('--print', 'print the link, and open nothing', false)
    .action(async (options) => (await import('./commands/open.ts')).open(options));
}

function addBuild(program: Command): void {
  withGlobalOptions(
    command(program, 'build <dir>', [
      'slipway build -t statics:v1 examples/statics',
      'slipway build -t shop:1.5 --build-arg VERSION=1.5 .',
      'slipway build -t shop:test -f Dockerfile.test --target test .',
    ]),
    ofEmbeddedCluster,
  )
    .summary('build an image for the runtime in use')
    .description('Carries out a Dockerfile on this machine and keeps the result as an image of the embedded cluster.')
    .requiredOption('-t, --tag <name:tag>', 'name of the image')
    .option('-f, --file <dockerfile>', 'Dockerfile (default: DIR/Dockerfile)')
    .option('--build-arg <name=value>', 'value of an ARG; repeatable', collect, [])
    .option('--target <stage>', 'stop at this stage')
    .option('--data-dir <dir>', 'data directory of the cluster')
    .action(async (directory, options) => (await import('./commands/build.ts')).build(directory, options));
}

export function levelOption(): Option {
  return new Option('--level <level>', 'rights that the runtime "process" uses; auto: the most that there are')
    .choices(['auto', 'root', 'user', 'plain'])
    .default('auto');
}
