import type { Adapter, AdapterPayload } from 'oidc-provider';

/** Storage of the demo provider: gone with the process, like everything about the demo company's sign-ins. */
export function createMemoryAdapters(): (model: string) => Adapter {
  const everything = new Map<string, AdapterPayload>();
  const find = (model: string, matches: (payload: AdapterPayload) => boolean): Promise<AdapterPayload | undefined> =>
    Promise.resolve([...everything].find(([key, payload]) => key.startsWith(`${model}:`) && matches(payload))?.[1]);
  return (model) => {
    const key = (id: string): string => `${model}:${id}`;
    return {
      upsert(id, payload) {
        everything.set(key(id), payload);
        return Promise.resolve();
      },
      find: (id) => Promise.resolve(everything.get(key(id))),
      findByUid: (uid) => find(model, (payload) => payload.uid === uid),
      findByUserCode: (code) => find(model, (payload) => payload.userCode === code),
      consume(id) {
        const payload = everything.get(key(id));
        if (payload !== undefined) payload.consumed = true;
        return Promise.resolve();
      },
      destroy(id) {
        everything.delete(key(id));
        return Promise.resolve();
      },
      revokeByGrantId(grantId) {
        for (const [name, payload] of everything) {
          if (name.startsWith(`${model}:`) && payload.grantId === grantId) everything.delete(name);
        }
        return Promise.resolve();
      },
    };
  };
}
