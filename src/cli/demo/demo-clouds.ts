import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SimulatedClouds } from '../../open-providers.ts';
import type { Config } from '../../platform/config.ts';
import { postJson } from '../../platform/http.ts';
import { azureWorld } from './azure-world.ts';
import { startDemoCloud, type DemoCloud } from './cloud-process.ts';
import { openDemoPlatform } from './demo-platform.ts';

/** The simulated clouds, as the broker of the demo has them. */
export interface DemoClouds {
  /** Whether one was still running from a broker that was killed. */
  readonly adopted: boolean;
  readonly config: Pick<Config, 'aws' | 'azure'>;
  readonly simulated: SimulatedClouds;
  stop(): Promise<void>;
}

/** The account and the role that stand for the platform that the broker runs on. */
const BROKER_ROLE = 'arn:aws:iam::999988887777:role/curfew-broker';
const EXTERNAL_ID = 'acme-curfew';

/** Folders of the clouds in the data folder; each has all that its cloud remembers. */
export const CLOUD_FOLDERS = ['aws', 'azure'] as const;

/** Starts both at once; where one does not start the other is stopped. */
export async function startDemoClouds(
  { dataDir, port }: { readonly dataDir: string; readonly port: number },
  rulesDir: string,
): Promise<DemoClouds> {
  const choose = `npm start -- --port ${port + 100}`;
  const [awsFolder, azureFolder] = [join(dataDir, 'aws'), join(dataDir, 'azure')];
  // With the cloud that knows its public half, so that neither is ever there without the other.
  const platform = openDemoPlatform(azureFolder);
  const { description, tenantId, clientId, identity } = await azureWorld(rulesDir, platform.publishedKey);
  const azureFile = join(azureFolder, 'world.json');
  writeFileSync(azureFile, JSON.stringify(description), { mode: 0o600 });
  const [aws, azure] = await bothOrNone(
    startDemoCloud({
      simulator: 'aws',
      folder: awsFolder,
      worldFile: join(rulesDir, 'clouds', 'aws.json'),
      port: port + 1,
      args: ['--iam-delay-ms', '500'],
      choose,
    }),
    startDemoCloud({ simulator: 'azure', folder: azureFolder, worldFile: azureFile, port: port + 4, choose }),
  );
  const assertion = () => platform.assertion(identity);
  return {
    adopted: aws.adopted || azure.adopted,
    config: {
      aws: { region: 'us-east-1', externalId: EXTERNAL_ID },
      // Nothing is read from a file: the simulated identity below goes before this one.
      azure: { tenantId, identity: { kind: 'federated', clientId, tokenFile: '' } },
    },
    simulated: {
      awsEndpoint: aws.url,
      // Stands in for the platform's own identity endpoint (an ECS task role, an instance profile).
      awsIdentity: () => awsIdentity(aws.url),
      azure: { endpoint: azure.url, identity: { kind: 'federated', tenantId, clientId, assertion } },
    },
    stop: async () => void (await Promise.all([aws.stop(), azure.stop()])),
  };
}

async function bothOrNone(
  ...starting: readonly [Promise<DemoCloud>, Promise<DemoCloud>]
): Promise<readonly [DemoCloud, DemoCloud]> {
  try {
    return await Promise.all(starting);
  } catch (error) {
    for (const one of await Promise.allSettled(starting)) if (one.status === 'fulfilled') await one.value.stop();
    throw error;
  }
}

/** Asks the simulated platform for the broker's own temporary credentials. */
async function awsIdentity(cloudUrl: string) {
  const wanted = { roleArn: BROKER_ROLE, sessionName: 'curfew', durationSeconds: 3_600 };
  const found = (await postJson(`${cloudUrl}/_sim/session`, wanted, 5_000)) as {
    accessKeyId: string;
    secretAccessKey: string;
    sessionToken: string;
    expiration: string;
  };
  return { ...found, expiration: new Date(Date.parse(found.expiration)) };
}
