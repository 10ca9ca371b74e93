import { allowedEndpoint } from '../calling.ts';

/** Where the calls go; no slash at the end. */
export interface Endpoints {
  /** Entra's token service. */
  readonly authority: string;
  /** Azure Resource Manager. */
  readonly management: string;
  /** What a token for Resource Manager is asked for; the same wherever it is called. */
  readonly resource: string;
}

/** Microsoft's clouds, by the host at which their tokens are issued (Microsoft Entra documentation, "National clouds"). */
const CLOUDS: Readonly<Record<string, string>> = {
  'login.microsoftonline.com': 'https://management.azure.com',
  'login.microsoftonline.us': 'https://management.usgovcloudapi.net',
  'login.chinacloudapi.cn': 'https://management.chinacloudapi.cn',
};

export const GLOBAL_AUTHORITY = 'https://login.microsoftonline.com';

/** Whether tokens of one of Microsoft's clouds are issued there. */
export function isAuthority(url: string): boolean {
  const parsed = URL.parse(url);
  return (
    parsed !== null && parsed.protocol === 'https:' && parsed.pathname === '/' && CLOUDS[parsed.host] !== undefined
  );
}

/**
 * Azure's own endpoints in the cloud of an authority, or everything at `custom`, which somebody must have allowed on purpose. Throws an `Error`
 * for an authority that is none of Microsoft's.
 */
export function endpointsOf(authority: string, custom: string | undefined, allowCustom: boolean): Endpoints {
  const host = URL.parse(authority)?.host ?? '';
  const management = CLOUDS[host];
  if (management === undefined || !isAuthority(authority))
    throw new Error(`"${authority}" is not where Microsoft issues tokens: ${Object.keys(CLOUDS).join(', ')}.`);
  if (custom === undefined) return { authority: `https://${host}`, management, resource: management };
  const { origin } = allowedEndpoint('Azure', custom, allowCustom);
  return { authority: origin, management: origin, resource: management };
}
