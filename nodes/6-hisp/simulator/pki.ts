// The simulated network's certificates, made at need and kept in a folder: what may be shown in `folder`
// (`<domain>.pem`, `<domain>.key`, `ca.pem`, `untrusted-ca.pem`, `sender.pem`), everything else in `privateFolder`.
import { X509Certificate } from 'node:crypto';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { behaviourOf, domainOf } from './behaviour.ts';
import { type CertificateWish, type Holder, issueCertificate } from './certificate.ts';

export interface SimulatedPki {
  /** PEM of the anchor that holds for everything but `untrusted.` domains. */
  authorityPem: string;
  untrustedAuthorityPem: string;
  /** The certificate and key of a hosted domain (or the domain of an address); null for `nocert.` and what is not hosted. */
  certificateFor(domain: string): Promise<Holder | null>;
  /** For the network's own servers: localhost and 127.0.0.1. */
  serverCertificate(trusted?: boolean): Promise<Holder>;
  /** A sender's identity, bound to its domain; the certificate is added to `sender.pem`. */
  senderIdentity(domain: string): Promise<Holder>;
}

export interface PkiPlaces { folder: string; privateFolder?: string; now?: () => Date }

const DAY = 86_400_000;
const daysFrom = (now: Date, days: number): Date => new Date(now.getTime() + days * DAY);

interface Paths { certificate: string; key: string }

const readOrNull = async (path: string): Promise<string | null> => await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
  if (error.code === 'ENOENT') return null;
  throw error;
});

const readHolder = async ({ certificate, key }: Paths): Promise<Holder | null> => {
  const [certificatePem, keyPem] = await Promise.all([readOrNull(certificate), readOrNull(key)]);
  return certificatePem === null || keyPem === null ? null : { certificatePem, keyPem };
};

const writeHolder = async ({ certificate, key }: Paths, { certificatePem, keyPem }: Holder): Promise<void> => {
  await writeFile(key, keyPem, { mode: 0o600 });
  await chmod(key, 0o600);
  await writeFile(certificate, certificatePem);
};

/** What is kept is used again unless its time is over, or its authority is another one now. */
const stillGood = ({ certificatePem }: Holder, wish: CertificateWish, now: Date): boolean => {
  const certificate = new X509Certificate(certificatePem);
  const issuer = wish.issuer === undefined ? certificate : new X509Certificate(wish.issuer.certificatePem);
  const meantToBeOld = wish.notAfter < now;
  return (meantToBeOld || new Date(certificate.validTo) > daysFrom(now, 1)) && certificate.verify(issuer.publicKey);
};

/** What is kept is given, what is missing is made: each once, also when asked for at the same time. */
const keeper = (now: () => Date) => {
  const underWay = new Map<string, Promise<Holder>>();
  const obtain = async (paths: Paths, wish: CertificateWish): Promise<Holder> => {
    const kept = await readHolder(paths);
    if (kept && stillGood(kept, wish, now())) return kept;
    const made = await issueCertificate(wish);
    await writeHolder(paths, made);
    return made;
  };
  return (paths: Paths, wish: CertificateWish): Promise<Holder> => {
    const running = underWay.get(paths.key) ?? obtain(paths, wish);
    underWay.set(paths.key, running);
    running.catch(() => underWay.delete(paths.key));
    return running;
  };
};

/** The sender certificates used, in one file without their keys. */
const senderList = (path: string): ((domain: string, holder: Holder) => Promise<void>) => {
  const senders = new Map<string, Holder>();
  return async (domain, holder) => {
    senders.set(domain, holder);
    await writeFile(path, [...senders.values()].map(({ certificatePem }) => certificatePem).join(''));
  };
};

export const openPki = async ({ folder, privateFolder = join(folder, 'private'), now = () => new Date() }: PkiPlaces): Promise<SimulatedPki> => {
  await mkdir(folder, { recursive: true });
  await mkdir(privateFolder, { recursive: true, mode: 0o700 });
  const place = (name: string, certificateFolder: string, keyFolder: string): Paths =>
    ({ certificate: join(certificateFolder, `${name}.pem`), key: join(keyFolder, `${name}.key`) });
  const between = (from: number, to: number): Pick<CertificateWish, 'notBefore' | 'notAfter'> =>
    ({ notBefore: daysFrom(now(), from), notAfter: daysFrom(now(), to) });
  const obtain = keeper(now);
  const showSender = senderList(join(folder, 'sender.pem'));
  const [authority, untrusted] = await Promise.all([['ca', 'Simulated anchor'], ['untrusted-ca', 'Simulated anchor that nobody trusts']].map(
    ([file, name]) => obtain(place(file!, folder, privateFolder), { name: name!, purpose: 'authority', ...between(-90, 3650) }),
  )) as [Holder, Holder];

  return {
    authorityPem: authority.certificatePem,
    untrustedAuthorityPem: untrusted.certificatePem,
    async certificateFor(address) {
      const [domain, behaviour] = [domainOf(address), behaviourOf(address)];
      if (domain === null || behaviour === null || behaviour === 'nocert') return null;
      return await obtain(place(domain, folder, folder), {
        name: domain, purpose: 'mail', hosts: [domain], issuer: behaviour === 'untrusted' ? untrusted : authority,
        ...(behaviour === 'expired' ? between(-60, -30) : between(-1, 365)),
      });
    },
    serverCertificate: (trusted = true) => obtain(place(trusted ? 'server' : 'untrusted-server', privateFolder, privateFolder), {
      name: 'localhost', purpose: 'server', hosts: ['localhost', '127.0.0.1'], issuer: trusted ? authority : untrusted, ...between(-1, 365),
    }),
    async senderIdentity(address) {
      const domain = domainOf(address);
      if (domain === null) throw new TypeError('a sender needs a domain');
      const holder = await obtain(place(`sender-${domain}`, privateFolder, privateFolder), {
        name: domain, purpose: 'mail', hosts: [domain], issuer: authority, ...between(-1, 365),
      });
      await showSender(domain, holder);
      return holder;
    },
  };
};
