/** What `--help` says of every command alike. */
import { Help, type Command, type HelpConfiguration, type Option } from 'commander';

export const helpStyle: HelpConfiguration = {
  sortSubcommands: false,
  showGlobalOptions: false,
  commandDescription: (command: Command) => command.description() || sentence(command.summary()),
  optionDescription: describeOption,
};

/** What `slipway --help` ends with. */
export const overview = `
A cluster, an image, a release:
  slipway up --detach
  slipway build -t statics:v1 examples/statics
  slipway deploy examples/statics/slipway.yaml --wait=promoted

Exit codes: 0 done, 1 failed, 2 the command line or the manifest is wrong. Of diff:
0 the same, 1 different, 2 as above, 3 failed.`;

/** What is off or empty unless it is asked for need not say so. */
function describeOption(option: Option): string {
  return new Help().optionDescription(option).replace(/ \(default: (?:false|\[\])\)$/, '');
}

/** A summary as a description: `list the releases` becomes `List the releases.` */
function sentence(summary: string): string {
  return summary === '' ? '' : `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}
