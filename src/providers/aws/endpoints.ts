import { partitionOf, type Partition } from './names.ts';

/** Where the calls go. Always explicit: the SDK would otherwise obey AWS_ENDPOINT_URL of its environment. */
export interface Endpoints {
  readonly sts: string;
  readonly iam: string;
  readonly s3: string;
  /** IAM Identity Center's own API, sso-admin. */
  readonly sso: string;
  readonly signin: string;
  /** Where the browser goes after it is signed in. */
  readonly console: string;
  /** The region that IAM's signatures name; IAM is one service for a whole partition. */
  readonly iamRegion: string;
}

const PARTITIONS: Readonly<
  Record<Partition, { suffix: string; iam: string; iamRegion: string; signin: string; console: string }>
> = {
  aws: {
    suffix: 'amazonaws.com',
    iam: 'https://iam.amazonaws.com',
    iamRegion: 'us-east-1',
    signin: 'https://signin.aws.amazon.com/federation',
    console: 'https://console.aws.amazon.com/',
  },
  'aws-cn': {
    suffix: 'amazonaws.com.cn',
    iam: 'https://iam.cn-north-1.amazonaws.com.cn',
    iamRegion: 'cn-north-1',
    signin: 'https://signin.amazonaws.cn/federation',
    console: 'https://console.amazonaws.cn/',
  },
  'aws-us-gov': {
    suffix: 'amazonaws.com',
    iam: 'https://iam.us-gov.amazonaws.com',
    iamRegion: 'us-gov-west-1',
    signin: 'https://signin.amazonaws-us-gov.com/federation',
    console: 'https://console.amazonaws-us-gov.com/',
  },
};

/**
 * AWS's own endpoints of a region, or everything at `custom`, which somebody must have allowed on purpose: whoever can
 * choose the endpoint receives what the broker sends. Plain http is accepted for this machine alone.
 */
export function endpointsOf(region: string, custom: string | undefined, allowCustom: boolean): Endpoints {
  if (!/^[a-z]{2}(-[a-z]+)+-\d+$/.test(region)) throw new Error(`"${region}" is not an AWS region.`);
  const own = PARTITIONS[partitionOf(region)];
  if (custom === undefined) {
    const at = (service: string) => `https://${service}.${region}.${own.suffix}`;
    return { ...own, sts: at('sts'), s3: at('s3'), sso: at('sso') };
  }
  if (!allowCustom) {
    throw new Error(`The AWS endpoint ${custom} is not AWS's own, and nothing allows a custom endpoint.`);
  }
  const url = new URL(custom);
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    throw new Error(`The AWS endpoint ${custom} must be https, or http on this machine.`);
  }
  return {
    sts: custom,
    iam: custom,
    s3: custom,
    sso: custom,
    signin: new URL('/federation', url).href,
    console: new URL('/', url).href,
    iamRegion: own.iamRegion,
  };
}
