import type { BaseUrl } from './base-url.ts';
import type { CompanyProvider } from './company-provider.ts';
import { cookieKind, readCookie, type CookieKind } from './cookies.ts';

/**
 * The providers at which people have accounts: the company's own first, then further ones, of contractors perhaps, or of a chat whose
 * accounts sign in nobody. Names and issuers differ.
 */
export type Companies = readonly [CompanyProvider, ...CompanyProvider[]];

/** Where the company's own provider sends browsers back to, of the portal and of the command line alike. */
export const CALLBACK = '/sign-in/callback';

/**
 * Where a provider sends browsers back to: a place of its own for each, so that an answer of one cannot be taken for another's, also where
 * they do not name themselves in it (RFC 9700, section 4.4.2).
 */
export function callbackOf(companies: Companies, { name }: CompanyProvider): string {
  return name === companies[0].name ? CALLBACK : `${CALLBACK}/${name}`;
}

export function companyNamed(companies: Companies, name: string | null): CompanyProvider | null {
  return companies.find((one) => one.name === name) ?? null;
}

/** The provider of a name, if its accounts sign people in. The company's own always does. */
export function signInNamed(companies: Companies, name: string | null): CompanyProvider | null {
  const found = companyNamed(companies, name);
  return found?.use === 'sign-in' ? found : null;
}

/** What somebody is told who would sign in by an account that is only known to be somebody's. */
export function signsInNobody({ title }: Pick<CompanyProvider, 'title'>): string {
  return `An account at ${title} says who somebody is there, and signs in nobody here. Sign in at your company; on your own page it can be linked.`;
}

/** Remembers, where it is not the company's own, at which provider a browser signed in last. No secret, and nothing is believed by it. */
export function lastProviderCookie(base: BaseUrl): CookieKind {
  return cookieKind(base, 'curfew-provider');
}

/** The provider at which a browser signed in last; the company's own where nobody knows, or nobody signs in there any more. */
export function lastProvider(companies: Companies, base: BaseUrl, cookies: string | undefined): CompanyProvider {
  return signInNamed(companies, readCookie(cookies, lastProviderCookie(base))) ?? companies[0];
}
