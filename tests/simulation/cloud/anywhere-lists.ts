import { buildSessionPolicy } from '../../../src/providers/aws/session-policy.ts';
import { readSimList, simAuthority } from './sim-authority.ts';

/** Where IAM Roles Anywhere is set up in each account of the simulated company. */
export const ANYWHERE = { region: 'eu-west-1', role: 'curfew/runner', profile: 'curfew-runner' } as const;

/** Revocation lists of one trust anchor. */
const MOST_LISTS = 2;

interface List {
  readonly id: string;
  readonly name: string;
  readonly trustAnchorArn: string;
  enabled: boolean;
  pem: string;
}

/** The control plane of IAM Roles Anywhere in one account: its trust anchor, its profile, and the revocation lists. */
export class AnywhereLists {
  readonly #account: string;
  readonly #lists: List[] = [];
  readonly #profilePolicy: string;
  /** Called after a list has changed. */
  readonly #onImport: () => void;

  constructor(account: string, onImport: () => void) {
    this.#account = account;
    this.#onImport = onImport;
    const policy = buildSessionPolicy({ sessionPolicy: null, allows: [] }, null, 'aws');
    if (!policy.ok) throw new Error(policy.refusal.message);
    this.#profilePolicy = policy.value.text;
  }

  revokes(serial: string): boolean {
    return this.#lists.some(({ enabled, pem }) => enabled && readSimList(pem).has(serial));
  }

  /** A call as HTTP has it. */
  request(method: string, path: string, body: string): { status: number; text: string } {
    const lists = this.#lists;
    const answer = (value: object, status = 200) => ({ status, text: JSON.stringify(value) });
    const input = (body === '' ? {} : JSON.parse(body)) as Readonly<Record<string, string>>;
    const [, id, enable] = /^\/crl\/([^/]+)(\/enable)?$/.exec(path) ?? [];
    const list = lists.find((one) => one.id === id);
    const pem = Buffer.from(input['crlData'] ?? '', 'base64').toString('latin1');
    switch (`${method} ${id === undefined ? path : `/crl${enable ?? ''}`}`) {
      case 'GET /trustanchors':
        return answer({ trustAnchors: [anchorOf(this.#account)] });
      case 'GET /profiles':
        return answer({ profiles: [this.#profile()] });
      case 'GET /crls':
        return answer({ crls: lists.map(detailOf) });
      case 'POST /crls':
        if (lists.length >= MOST_LISTS) return answer({ message: 'too many lists' }, 400);
        lists.push({
          id: `list-${lists.length + 1}`,
          name: input['name'] ?? '',
          trustAnchorArn: input['trustAnchorArn'] ?? '',
          enabled: true,
          pem,
        });
        break;
      case 'PATCH /crl':
        if (list === undefined) return answer({ message: 'no such list' }, 404);
        list.pem = pem;
        break;
      case 'POST /crl/enable':
        if (list === undefined) return answer({ message: 'no such list' }, 404);
        list.enabled = true;
        break;
      default:
        throw new Error(`the simulated Roles Anywhere has no ${method} ${path}`);
    }
    this.#onImport();
    return answer({});
  }

  #profile() {
    const account = this.#account;
    return {
      profileArn: `arn:aws:rolesanywhere:${ANYWHERE.region}:${account}:profile/1`,
      name: ANYWHERE.profile,
      enabled: true,
      roleArns: [roleArn(account)],
      managedPolicyArns: [],
      sessionPolicy: this.#profilePolicy,
    };
  }
}

export function roleArn(account: string): string {
  return `arn:aws:iam::${account}:role/${ANYWHERE.role}`;
}

function anchorOf(account: string) {
  return {
    trustAnchorArn: `arn:aws:rolesanywhere:${ANYWHERE.region}:${account}:trust-anchor/1`,
    name: 'curfew',
    enabled: true,
    source: { sourceType: 'CERTIFICATE_BUNDLE', sourceData: { x509CertificateData: simAuthority.certificate } },
  };
}

function detailOf({ id, name, trustAnchorArn, enabled, pem }: List) {
  const crlData = Buffer.from(pem, 'latin1').toString('base64');
  return { crlId: id, crlArn: `arn:aws:rolesanywhere:crl/${id}`, name, trustAnchorArn, enabled, crlData };
}
