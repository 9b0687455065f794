// Files of flows hold no keys. Whether an identity fits cannot be said without it, but everything behind it can: a made-up one stands in, bound
// to every domain that the organizations send from. What it signs is thrown away.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { domainOf } from '../../0-order/direct-address.ts';
import type { Organization } from '../../0-order/organization.ts';
import type { Identity } from '../../5-smime/types.ts';
import { issueCertificate } from '../../6-hisp/simulator/certificate.ts';

const DAY = 86_400_000;

const sendersOf = ({ sender, sites = {} }: Organization): string[] =>
  [sender, ...Object.values(sites).map((site) => site.sender)].filter((address) => address !== undefined);

export const standInIdentity = (organizations: readonly Organization[], now: Date): (() => Promise<Identity>) => {
  let made: Promise<Identity> | undefined;
  const hosts = [...new Set(organizations.flatMap(sendersOf).map(domainOf))];
  const make = async (): Promise<Identity> => {
    const [notBefore, notAfter] = [new Date(now.getTime() - DAY), new Date(now.getTime() + DAY)];
    const { certificatePem, keyPem } = await issueCertificate({ name: 'stand-in', purpose: 'mail', hosts, notBefore, notAfter });
    return { certificate: new X509Certificate(certificatePem).raw, chain: [], privateKey: createPrivateKey(keyPem) };
  };
  return () => (made ??= make());
};
