import { PEERS, type Peer } from './end-lag-peers.ts';
import type { Load } from './end-lag-load.ts';

/** Measures one peer and prints its rows as JSON. Arguments: its name, a connection string, the load as JSON. */
const [peer, connectionString, load] = process.argv.slice(2);
if (connectionString === undefined || load === undefined) throw new Error('three arguments');
const rows = await PEERS[peer as Peer](connectionString, JSON.parse(load) as Load);
process.stdout.write(JSON.stringify(rows), () => process.exit(0));
