import { describe, expect, test } from 'vitest';
import { endpointsOf } from './endpoints.ts';

describe('endpoints', () => {
  test.each([
    ['eu-west-1', 'https://sts.eu-west-1.amazonaws.com', 'https://iam.amazonaws.com', 'us-east-1'],
    ['cn-north-1', 'https://sts.cn-north-1.amazonaws.com.cn', 'https://iam.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
    ['us-gov-east-1', 'https://sts.us-gov-east-1.amazonaws.com', 'https://iam.us-gov.amazonaws.com', 'us-gov-west-1'],
  ])('of %s are AWS’s own, and regional for STS', (region, sts, iam, iamRegion) => {
    expect(endpointsOf(region, undefined, false)).toMatchObject({ sts, iam, iamRegion });
  });

  test('of anybody else need to be allowed', () => {
    expect(() => endpointsOf('eu-west-1', 'https://aws.example', false)).toThrow(/not AWS's own/);
    expect(endpointsOf('eu-west-1', 'https://aws.example', true).sts).toBe('https://aws.example');
  });

  test('may be plain http on this machine alone', () => {
    expect(endpointsOf('eu-west-1', 'http://127.0.0.1:4566', true).signin).toBe('http://127.0.0.1:4566/federation');
    expect(() => endpointsOf('eu-west-1', 'http://aws.example', true)).toThrow(/must be https/);
    expect(() => endpointsOf('eu-west-1', 'http://127.0.0.1.example', true)).toThrow(/must be https/);
  });

  test.each(['', 'europe', 'eu-west-1.evil.example/', 'eu-west-1#'])('refuse the region "%s"', (region) => {
    expect(() => endpointsOf(region, undefined, false)).toThrow(/is not an AWS region/);
  });
});
