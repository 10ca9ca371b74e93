import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createSession, SessionRefused, type SessionWanted } from '../../contract/holder.ts';
import { BUCKET, OBJECT, type Keys } from '../site/world.ts';

/** What came of a try. `silent`: the cloud did not answer. A service that hands out keys hands them out when it serves. */
export interface Outcome {
  readonly answer: 'served' | 'refused' | 'silent';
  readonly keys?: Keys;
}

/** Something that its holder can try, before and after its end. */
export interface Trial {
  attempt(): Promise<Outcome>;
}

/** Nobody waits for longer than this for an answer of the cloud. */
const ANSWER_MS = 10_000;

/** Tries whether keys still read the object. */
export function readingWith(cloud: CloudSeen, keys: Keys): Trial {
  const client = new S3Client({
    region: 'us-east-1',
    endpoint: cloud.url,
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: keys,
    ...(cloud.handler === null ? {} : { requestHandler: cloud.handler }),
  });
  cloud.handler ??= client.config.requestHandler;
  return {
    async attempt() {
      // Signed by the clock of the cloud, or it would refuse for that alone.
      client.config.systemClockOffset = cloud.aheadMs;
      try {
        const answer = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key: OBJECT }), {
          abortSignal: AbortSignal.timeout(ANSWER_MS),
        });
        await answer.Body?.transformToString();
        return { answer: 'served' };
      } catch (error) {
        const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
        return { answer: status === 403 || status === 400 ? 'refused' : 'silent' };
      }
    },
  };
}

/** The cloud as all tries see it. */
export interface CloudSeen {
  readonly url: string;
  /** How far its clock is ahead of ours. */
  aheadMs: number;
  handler: S3Client['config']['requestHandler'] | null;
}

/** Somebody who has signed in to the access portal, and tries whether it gives them a session of a permission set. */
export function signedInAs(cloud: CloudSeen, userName: string, permissionSet: string, account: string): Trial {
  let token: Promise<string> | null = null;
  const signIn = async (): Promise<string> => {
    const answer = await asked(`${cloud.url}/_sim/sso-token`, { method: 'POST', body: JSON.stringify({ userName }) });
    return ((await answer.json()) as { accessToken: string }).accessToken;
  };
  return {
    async attempt() {
      try {
        const bearer = await (token ??= signIn());
        const query = new URLSearchParams({ role_name: permissionSet, account_id: account });
        const answer = await asked(`${cloud.url}/federation/credentials?${query}`, {
          headers: { 'x-amz-sso_bearer_token': bearer },
        });
        if (answer.status === 403) return { answer: 'refused' };
        if (!answer.ok) return { answer: 'silent' };
        const { roleCredentials } = (await answer.json()) as { roleCredentials: Required<Keys> };
        const { accessKeyId, secretAccessKey, sessionToken } = roleCredentials;
        return { answer: 'served', keys: { accessKeyId, secretAccessKey, sessionToken } };
      } catch {
        token = null;
        return { answer: 'silent' };
      }
    },
  };
}

/** A certificate, and the key that it is for. */
export type HolderCertificate = Pick<SessionWanted, 'privateKey' | 'certificate'>;

/** Tries whether a certificate makes another session. */
export function certifiedBy(cloud: CloudSeen, held: HolderCertificate): Trial {
  return {
    async attempt() {
      try {
        const { kind: _aws, ...keys } = await createSession(cloud.url, { ...held, now: Date.now() + cloud.aheadMs });
        return { answer: 'served', keys };
      } catch (error) {
        return { answer: error instanceof SessionRefused && error.status === 403 ? 'refused' : 'silent' };
      }
    },
  };
}

function asked(url: string, how: RequestInit): Promise<Response> {
  return fetch(url, { ...how, signal: AbortSignal.timeout(ANSWER_MS) });
}
