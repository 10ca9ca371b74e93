import type { Role } from '../core/role.ts';
import type {
  Act,
  BindingPlace,
  BindingSpec,
  CallOptions,
  EndedBy,
  Ending,
  IssuedCertificate,
  IssuedCredential,
  Landing,
  MethodCapabilities,
  Observation,
  Plan,
  Provisioned,
  Quota,
  Residual,
  Tidied,
} from './contract.ts';

/** One way to give access in a cloud. Each has a file of its own; the cloud's `provider.ts` chooses by the method that a binding names. */
export interface Method {
  readonly capabilities: MethodCapabilities;
  plan(wanted: BindingSpec): Plan;
  provision(wanted: BindingSpec, call: CallOptions): Promise<Provisioned>;
  observe(binding: BindingSpec, ending: Ending | null, call: CallOptions): Promise<Observation>;
  revoke(binding: BindingSpec, ending: Ending, rung: number, call: CallOptions): Promise<void>;
  /** `null`: there is nothing that two writers could lose to one another. */
  exclusive(place: BindingPlace, act: Act): string | null;
  /** Absent: the cloud allows more than we could ever call. */
  quota?(place: BindingPlace, act: Act): readonly Quota[];
  /** What can survive the end of a grant of a role there. Absent: what the method declares. */
  residual?(binding: Pick<BindingSpec, 'role' | 'target'>): Residual;
  /** Who ends a grant of a role when Curfew is dead. Absent: what the method declares. */
  endedBy?(role: Role): EndedBy;
  /** Refuses with `invalid` where nothing is handed out. */
  issueCredential(binding: BindingSpec, call: CallOptions): Promise<IssuedCredential>;
  /** Absent: the method issues no certificates. */
  issueCertificate?(binding: BindingSpec, call: CallOptions, holderKey: string): Promise<IssuedCertificate>;
  /** `null`: credentials are handed out. */
  landing(binding: Pick<BindingSpec, 'method' | 'role' | 'target' | 'principal'>): Landing | null;
  /** The cloud's own names of the one place of a binding. Exactly where the slot is shared. */
  sharedPlace?(wanted: Pick<BindingSpec, 'role' | 'target' | 'principal'>): readonly string[];
  /** Absent: nothing is written beside bindings for the sweeper. */
  forget?(binding: BindingSpec, call: CallOptions): Promise<void>;
  tidy(binding: BindingSpec, call: CallOptions): Promise<Tidied>;
}
