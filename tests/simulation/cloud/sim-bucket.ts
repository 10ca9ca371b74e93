import { instant } from '../../../src/core/time.ts';
import type { Bucket } from '../../../src/providers/aws/bucket.ts';
import { refuseLate } from '../../../src/providers/calling.ts';
import type { AwsCalls } from './aws-calls.ts';
import type { SimCenter } from './sim-center.ts';

/** The bucket for leases, over one process's way to the cloud; `null`: the company has none. As S3 it shows at once what was written, and as ours it sends nothing late. */
export function bucketOver(center: SimCenter, calls: AwsCalls): Bucket | null {
  const { bucket: objects } = center;
  if (objects === null) return null;
  return {
    name: 'leases',
    put: async (key, text, call) => {
      refuseLate(call, 'PutObject');
      const perform = () => void objects.set(key, text);
      await calls.send({ action: 'PutObject', effect: 'write', signal: call.signal, perform });
    },
    get: (key, { signal }) =>
      calls.send({ action: 'GetObject', effect: 'read', signal, perform: () => objects.get(key) ?? null }),
    list: (prefix, { signal }) =>
      calls.send({
        action: 'ListObjects',
        effect: 'read',
        signal,
        perform: () => ({
          keys: [...objects.keys()].filter((key) => key.startsWith(prefix)).sort(),
          cloudNow: instant(center.cloudNow),
        }),
      }),
    remove: async (key, call) => {
      refuseLate(call, 'DeleteObject');
      const perform = () => void objects.delete(key);
      await calls.send({ action: 'DeleteObject', effect: 'write', signal: call.signal, perform });
    },
  };
}
