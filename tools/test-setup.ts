/**
 * Fails the run early when the wrong Node is in use. `npm ci --ignore-scripts` leaves the pinned Node
 * uninstalled and everything silently runs on the machine's own (docs/adr/0001-node-and-typescript.md).
 */
export function setup(): void {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < 24) {
    throw new Error(`Tests run on Node ${process.versions.node}, the repository pins 24. Run "npm rebuild node" once.`);
  }
}
