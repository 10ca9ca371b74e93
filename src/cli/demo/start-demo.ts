import { join } from 'node:path';
import { startDemoIdp } from '../../../simulators/idp/demo-idp.ts';
import { startMailCatcher } from '../../../simulators/mail/catcher.ts';
import { startBroker } from '../../main.ts';
import { createLog } from '../../platform/log.ts';
import { appointDemoPeople, DEMO_ROLES } from './demo-administration.ts';
import { startDemoClouds } from './demo-clouds.ts';
import { mailPages } from './mail-pages.ts';
import { CONTRACTORS, demoPeople, type DemoPerson } from './demo-people.ts';

/** A running demo: the broker, the made-up company's sign-in, and its simulated clouds. */
export interface Demo {
  readonly url: string;
  /** The people worth introducing, and how many there are in all. */
  readonly people: readonly DemoPerson[];
  readonly peopleCount: number;
  /** Whether clouds were still running from a broker that was killed. */
  readonly cloudsAdopted: boolean;
  close(): Promise<void>;
}

export interface DemoSettings {
  /** The repository's root. */
  readonly root: string;
  readonly dataDir: string;
  /** The broker's port. The next ones are those of the simulated AWS, sign-in, that of the contractors, and the simulated Azure. */
  readonly port: number;
  readonly logLevel: string;
}

/** Starts everything; what was started is stopped again when a later part fails. */
export async function startDemo(settings: DemoSettings): Promise<Demo> {
  const { root, dataDir, port } = settings;
  const rulesDir = join(root, 'examples', 'acme');
  const stops: (() => Promise<void> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const stop of stops.reverse()) await stop();
  };
  try {
    const baseUrl = `http://localhost:${port}`;
    const people = await demoPeople(rulesDir);
    const clouds = await startDemoClouds(settings, rulesDir);
    stops.push(() => clouds.stop());
    const idp = await startDemoIdp({
      port: port + 2,
      people: people.all,
      clientRedirects: [`${baseUrl}/sign-in/callback`],
    });
    stops.push(() => idp.close());
    const contractors = await startDemoIdp({
      port: port + 3,
      company: 'Northwind',
      people: CONTRACTORS,
      clientRedirects: [`${baseUrl}/sign-in/callback/contractors`],
    });
    stops.push(() => contractors.close());
    const mail = await startMailCatcher({ port: 0 });
    stops.push(() => mail.close());
    const broker = await startBroker({
      config: {
        host: '127.0.0.1',
        port,
        baseUrl,
        databaseUrl: null,
        dataDir,
        rulesDir,
        logLevel: settings.logLevel,
        signIn: { issuer: idp.issuer, clientId: idp.clientId, clientSecretFile: null },
        furtherSignIns: [
          {
            name: 'contractors',
            title: 'Northwind',
            issuer: contractors.issuer,
            clientId: contractors.clientId,
            clientSecretFile: null,
          },
        ],
        ...clouds.config,
        mail: {
          host: '127.0.0.1',
          port: mail.port,
          encryption: 'none',
          login: null,
          from: { name: 'Curfew at Acme', address: 'curfew@acme.example' },
        },
        trustedProxies: [],
        role: 'all',
      },
      log: createLog(settings.logLevel),
      demo: {
        ...clouds.simulated,
        people: people.all,
        pages: mailPages(() => mail.messages(), baseUrl),
        appoint: appointDemoPeople,
      },
    });
    stops.push(() => broker.close());
    return {
      url: baseUrl,
      people: people.introduced.map(withRole),
      peopleCount: people.all.length,
      cloudsAdopted: clouds.adopted,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The role that somebody has in Curfew itself belongs to what a new user can try. */
function withRole(person: DemoPerson): DemoPerson {
  const role = Object.entries(DEMO_ROLES).find(([, key]) => key === person.key)?.[0];
  return role === undefined ? person : { ...person, title: `${person.title}; ${role} of Curfew` };
}
