// What npm does after `npm ci`: it builds the command, which then starts in half the time. Where that cannot be, the
// sources run as they are. Plain JavaScript, because npm may run it with a Node that reads no TypeScript.
const [major] = process.versions.node.split('.').map(Number);

try {
  if (major < 24) throw new Error(`it takes Node 24, and this is Node ${process.versions.node}`);
  await import('./build.ts');
} catch (error) {
  process.stderr.write(`The command was not built, it will run from its sources: ${error.message}\n`);
}
