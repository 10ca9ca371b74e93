import type { Role } from '../core/role.ts';
import {
  ProviderFault,
  type Act,
  type BindingPlace,
  type BindingSpec,
  type CallOptions,
  type EndedBy,
  type Ending,
  type IssuedCertificate,
  type IssuedCredential,
  type Landing,
  type MethodCapabilities,
  type Observation,
  type Plan,
  type Provider,
  type Provisioned,
  type Quota,
  type Residual,
  type Tidied,
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

/** What the providers of all clouds do in the same way. */
type HandedOn = Required<
  Pick<
    Provider,
    | 'methods'
    | 'plan'
    | 'provision'
    | 'observe'
    | 'revoke'
    | 'exclusive'
    | 'quota'
    | 'residual'
    | 'endedBy'
    | 'tidy'
    | 'landing'
  >
> &
  Required<Pick<Provider, 'issueCredential' | 'issueCertificate' | 'sharedPlace' | 'forget'>>;

/** Hands on to the method that a binding names. `cloud`: its name in words. What a method has not is refused with an `invalid` fault. */
export function byMethod(cloud: string, all: readonly Method[]): HandedOn {
  const methods = new Map(all.map((method) => [method.capabilities.method, method]));
  const of = ({ method }: Pick<BindingSpec, 'method'>): Method => {
    const found = methods.get(method);
    if (found === undefined) throw new ProviderFault('invalid', `${cloud} has no method ${method} here`);
    return found;
  };
  return {
    methods: Object.fromEntries([...methods].map(([name, { capabilities }]) => [name, capabilities])),
    plan: (wanted) => of(wanted).plan(wanted),
    provision: async (wanted, call) => of(wanted).provision(wanted, call),
    observe: async (binding, ending, call) => of(binding).observe(binding, ending, call),
    revoke: async (binding, ending, rung, call) => of(binding).revoke(binding, ending, rung, call),
    exclusive: (place, act) => of(place).exclusive(place, act),
    quota: (place, act) => of(place).quota?.(place, act) ?? [],
    residual: (binding) => of(binding).residual?.(binding) ?? of(binding).capabilities.residual,
    endedBy: (binding) => of(binding).endedBy?.(binding.role) ?? of(binding).capabilities.endedBy,
    landing: (binding) => of(binding).landing(binding),
    sharedPlace: (wanted) => {
      const place = of(wanted).sharedPlace?.(wanted);
      if (place === undefined) throw new ProviderFault('invalid', `${cloud} has no shared place for ${wanted.method}`);
      return place;
    },
    issueCredential: async (binding, call) => of(binding).issueCredential(binding, call),
    issueCertificate: async (binding, call, holderKey) => {
      const issued = of(binding).issueCertificate?.(binding, call, holderKey);
      if (issued === undefined)
        throw new ProviderFault('invalid', `${cloud} issues no certificates by ${binding.method}`);
      return issued;
    },
    forget: async (binding, call) => of(binding).forget?.(binding, call),
    tidy: async (binding, call) => of(binding).tidy(binding, call),
  };
}
