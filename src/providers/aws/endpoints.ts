import { allowedEndpoint } from '../calling.ts';
import { partitionOf, type Partition } from './names.ts';

/** Where the calls go. Always explicit: the SDK would otherwise obey AWS_ENDPOINT_URL of its environment. */
export interface Endpoints {
  readonly sts: string;
  readonly iam: string;
  readonly s3: string;
  /** IAM Identity Center's own API, sso-admin. */
  readonly sso: string;
  readonly rolesAnywhere: string;
  readonly signin: string;
  /** Where the browser goes after it is signed in. */
  readonly console: string;
  /** The region that IAM's signatures name; IAM is one service for a whole partition. */
  readonly iamRegion: string;
  readonly organizations: string;
  /** The same for Organizations. */
  readonly organizationsRegion: string;
  /** Where IAM Identity Center and EventBridge Scheduler are called in a region. */
  inRegion(region: string): { readonly ssoAdmin: string; readonly identityStore: string; readonly scheduler: string };
}

const PARTITIONS: Readonly<
  Record<
    Partition,
    {
      suffix: string;
      iam: string;
      iamRegion: string;
      organizations: string;
      organizationsRegion: string;
      signin: string;
      console: string;
    }
  >
> = {
  aws: {
    suffix: 'amazonaws.com',
    iam: 'https://iam.amazonaws.com',
    iamRegion: 'us-east-1',
    organizations: 'https://organizations.us-east-1.amazonaws.com',
    organizationsRegion: 'us-east-1',
    signin: 'https://signin.aws.amazon.com/federation',
    console: 'https://console.aws.amazon.com/',
  },
  'aws-cn': {
    suffix: 'amazonaws.com.cn',
    iam: 'https://iam.cn-north-1.amazonaws.com.cn',
    iamRegion: 'cn-north-1',
    organizations: 'https://organizations.cn-northwest-1.amazonaws.com.cn',
    organizationsRegion: 'cn-northwest-1',
    signin: 'https://signin.amazonaws.cn/federation',
    console: 'https://console.amazonaws.cn/',
  },
  'aws-us-gov': {
    suffix: 'amazonaws.com',
    iam: 'https://iam.us-gov.amazonaws.com',
    iamRegion: 'us-gov-west-1',
    organizations: 'https://organizations.us-gov-west-1.amazonaws.com',
    organizationsRegion: 'us-gov-west-1',
    signin: 'https://signin.amazonaws-us-gov.com/federation',
    console: 'https://console.amazonaws-us-gov.com/',
  },
};

/**
 * AWS's own endpoints of a region, or everything at `custom`, which somebody must have allowed on purpose.
 */
export function endpointsOf(region: string, custom: string | undefined, allowCustom: boolean): Endpoints {
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)) throw new Error(`"${region}" is not an AWS region.`);
  const own = PARTITIONS[partitionOf(region)];
  if (custom === undefined) {
    const at = (service: string, where: string) => `https://${service}.${where}.${own.suffix}`;
    const inRegion = (where: string) => ({
      ssoAdmin: at('sso', where),
      identityStore: at('identitystore', where),
      scheduler: at('scheduler', where),
    });
    return {
      ...own,
      sts: at('sts', region),
      s3: at('s3', region),
      sso: at('sso', region),
      rolesAnywhere: at('rolesanywhere', region),
      inRegion,
    };
  }
  const url = allowedEndpoint('AWS', custom, allowCustom);
  return {
    sts: custom,
    iam: custom,
    s3: custom,
    sso: custom,
    rolesAnywhere: custom,
    signin: new URL('/federation', url).href,
    console: new URL('/', url).href,
    iamRegion: own.iamRegion,
    organizations: custom,
    organizationsRegion: own.organizationsRegion,
    inRegion: () => ({ ssoAdmin: custom, identityStore: custom, scheduler: custom }),
  };
}
