import type { Instant } from '../../src/core/time.ts';
import type { BindingSpec, Provider } from '../../src/providers/contract.ts';

/** What a cloud stand-in can be told to do with one call. `drop-after`: it performs the call and cuts the connection. */
export const CLOUD_FAULTS = ['throttle', 'unavailable', 'deny', 'slow', 'drop-before', 'drop-after'] as const;
export type CloudFault = (typeof CLOUD_FAULTS)[number];

export type Operation = 'provision' | 'issueCredential' | 'revoke' | 'observe';

/** One call that an operation makes. `writes`: a lost answer leaves the outcome unknown. */
export interface CloudCall {
  readonly operation: Operation;
  readonly name: string;
  readonly writes: boolean;
  /** It is made only where the access stands. */
  readonly standing?: boolean;
  /** Another call that writes comes after it: what was asked for is not all done yet when this one was. */
  readonly followed?: boolean;
}

/** What a person calls the cloud with. */
export interface Held {
  readonly secret: { readonly accessKeyId: string; readonly secretAccessKey: string; readonly sessionToken?: string };
}

/** A provider and the cloud behind it, over real HTTP. */
export interface ProviderHarness {
  readonly provider: Provider;
  readonly method: string;
  /** Every call that each operation makes, in order. The suite breaks each of them in each way. */
  readonly calls: readonly CloudCall[];
  /**
   * How long a grant must last to be seen ending with nobody left, and how late the stand-in may be with it. Absent: three seconds, and to
   * the second.
   */
  readonly endsByItself?: { readonly durationMs: number; readonly lateMs: number };
  /** A binding of a grant that nobody has used before, beginning now: of the person of `sameAs`, otherwise of anybody who has none. */
  binding(durationMs: number, sameAs?: BindingSpec): BindingSpec;
  /** Same, over a role whose definition the provider must refuse to plan. */
  impossible(): BindingSpec;
  /** What must be there before a credential is asked for, where issuing one does not make it. */
  prepare?(spec: BindingSpec): Promise<void>;
  now(): Instant;
  /** Tries something that the role allows, with a credential that was saved, or with one that the person has without us. */
  use(credential: Held): Promise<'allowed' | 'refused'>;
  /**
   * Where nothing is handed out: the own credential of the person of a binding, which may nothing of what the role allows before the
   * grant. Absent where the method hands out credentials; a suite that found both, or neither, would prove nothing.
   */
  own?(binding: BindingSpec): Held;
  /** What would let access outlive the grant: each must be refused under a session although the native role allows it. */
  readonly escapes: readonly { readonly name: string; attempt(credential: Held): Promise<string> }[];
  /** The next call of this name fails so. */
  inject(call: CloudCall, fault: CloudFault): Promise<void>;
  /** No more faults; sessions and connections that the provider keeps are forgotten, so that every call is made again. */
  heal(): Promise<void>;
  /** Everything in the cloud that Curfew did not create. */
  bystanders(): Promise<unknown>;
  /** Calls that the provider made so far. `handsOut`: the cloud answered with a credential under a grant. */
  journal(): Promise<readonly { readonly action: string; readonly permitted: boolean; readonly handsOut: boolean }[]>;
  /** The cloud's clock, as far from ours. */
  skewClock(offsetMs: number): Promise<void>;
  close(): Promise<void>;
}
