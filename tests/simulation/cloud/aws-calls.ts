import type { IAMClient } from '@aws-sdk/client-iam';
import type { CallOptions } from '../../../src/providers/contract.ts';
import { short } from '../kernel/trace.ts';
import type { Network } from './network.ts';

/** A command of the SDK, as far as one is needed who sends it in another way. */
interface Command {
  readonly input: object;
  readonly constructor: { readonly name: string };
  readonly middlewareStack: {
    resolve(send: () => Promise<object>, context: object): (args: object) => Promise<{ readonly output: object }>;
  };
}

/** One call as it arrives. */
export interface Arriving<T> {
  readonly action: string;
  readonly effect: 'read' | 'write';
  readonly signal: AbortSignal;
  /** `grant`: whom it is made for, as far as that is known. */
  readonly perform: (grant: string) => T;
}

/** The way of a real AWS provider to a simulated AWS: commands of the SDK, and what else it calls, over the simulated network instead of HTTPS. */
export class AwsCalls {
  readonly #network: Network;
  readonly #landsLate: (action: string, grant: string) => void;
  /** For whom a call is made; the SDK knows only its signal. */
  readonly #grants = new WeakMap<AbortSignal, string>();

  /** `landsLate`: told of each call that takes effect when nobody waits for it any more. */
  constructor(network: Network, landsLate: (action: string, grant: string) => void) {
    this.#network = network;
    this.#landsLate = landsLate;
  }

  /** Remembers for whom the calls under some options are made. */
  of({ grant }: { readonly grant: string }, call: CallOptions): CallOptions {
    this.#grants.set(call.signal, grant);
    return call;
  }

  send<T>({ action, effect, signal, perform }: Arriving<T>): Promise<T> {
    const grant = this.#grants.get(signal) ?? '';
    return this.#network.call({
      name: `${action} for ${short(grant)}`,
      grant,
      effect,
      signal,
      perform: () => perform(grant),
      landsLate: () => this.#landsLate(action, grant),
    });
  }

  /** What the provider takes for a client of the SDK. `now`: the cloud's own time, which stands in each answer. */
  client(now: () => number, perform: (action: string, input: object, grant: string) => object) {
    const send = async (command: Command, { abortSignal }: { readonly abortSignal: AbortSignal }): Promise<object> => {
      const action = command.constructor.name.replace(/Command$/, '');
      const effect = /^(Assume|Create|Update|Delete|Put|Provision)/.test(action) ? 'write' : 'read';
      const answer = async () => {
        const output = await this.send({
          action,
          effect,
          signal: abortSignal,
          perform: (grant) => perform(action, command.input, grant),
        });
        return { output, response: { headers: { date: new Date(now()).toUTCString() } } };
      };
      return (await command.middlewareStack.resolve(answer, {})({ input: command.input })).output;
    };
    return { send } as unknown as IAMClient;
  }
}
