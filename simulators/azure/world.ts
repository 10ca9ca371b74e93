import { generateKeyPairSync } from 'node:crypto';
import { draw, type Range } from '../shared/draw.ts';
import { readStateFile, writeStateFile } from '../shared/state-file.ts';
import { describeTenant, type Tenant, type TenantDescription } from './directory.ts';

/** What a world is described by. Everything that is left out is empty. */
export type WorldDescription = {
  readonly tenants: readonly TenantDescription[];
  /** Issuers whose keys are given here are not asked for them. */
  readonly issuers?: readonly { readonly url: string; readonly keys: readonly object[] }[];
};

type State = {
  signingKey: string;
  draws: { draws: number };
  tenants: Tenant[];
  issuers: { url: string; keys: object[] }[];
};

/** The simulated cloud's memory. Saved whole after each change when it has a file, so that a restart keeps it. */
export class World {
  readonly #state: State;
  readonly #file: string | null;

  /** `signingKey`: an RSA key (PEM) for the tokens; without one it is made, which takes a moment. */
  constructor(description: WorldDescription, options: { stateFile: string | null; signingKey: string | null }) {
    this.#file = options.stateFile;
    this.#state =
      (readStateFile(this.#file) as State | null) ?? describe(description, options.signingKey ?? newSigningKey());
    this.save();
  }

  get signingKey(): string {
    return this.#state.signingKey;
  }
  get tenants(): Tenant[] {
    return this.#state.tenants;
  }
  get issuers(): { url: string; keys: object[] }[] {
    return this.#state.issuers;
  }

  /** The tenant that an address names by id or domain, or null. */
  tenant(name: string): Tenant | null {
    const wanted = name.toLowerCase();
    return this.tenants.find((one) => one.id === wanted || one.domains.includes(wanted)) ?? null;
  }

  /** Milliseconds out of a range, the same for the same seed and history. */
  draw(range: Range, seed: number): number {
    return draw(range, seed, this.#state.draws);
  }

  save(): void {
    writeStateFile(this.#file, this.#state);
  }
}

/** Entra signs with RSA keys of 2,048 bits. */
export const newSigningKey = (): string =>
  generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function describe(description: WorldDescription, signingKey: string): State {
  return {
    signingKey,
    draws: { draws: 0 },
    tenants: description.tenants.map(describeTenant),
    issuers: (description.issuers ?? []).map((issuer) => ({ url: issuer.url, keys: [...issuer.keys] })),
  };
}
