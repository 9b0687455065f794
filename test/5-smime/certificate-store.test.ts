import { expect } from 'chai';
import { mkdtemp, mkdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCourierError } from '../../nodes/errors.ts';
import { cached, fileNamesFor, firstOf, folderSource, serviceSource } from '../../nodes/5-smime/certificate-store.ts';
import { trustStore } from '../../nodes/5-smime/trust-store.ts';
import type { CertificateSource } from '../../nodes/5-smime/types.ts';
import { authority, clinic, practice } from './scene.ts';

const codeOf = async (promise: Promise<unknown>): Promise<string> => promise.then(() => 'resolved', (error: unknown) => isCourierError(error) ? error.code : String(error));
const source = (...found: Uint8Array[]): CertificateSource & { asked: number } => ({ asked: 0, async find() { this.asked += 1; return found; } });

describe('sources of certificates', () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'certificates-'));
    await mkdir(join(folder, 'inner'));
    await writeFile(join(folder, 'lakeside.example.pem'), `some text\n${practice.pem}${clinic.pem}`);
    await writeFile(join(folder, 'dr.ana@lakeside.example.pem'), clinic.pem);
    await writeFile(join(folder, 'broken.example.pem'), practice.pem.replace('MII', 'MIJ'));
    await writeFile(join(folder, 'secret.pem'), clinic.pem);
    await writeFile(join(folder, 'anchors.pem'), authority.pem);
  });
  after(() => rm(folder, { recursive: true }));

  describe('a folder', () => {
    it('gives all certificates of the file of the domain; the file of the address goes first', async () => {
      const found = folderSource(folder);
      expect(await found.find('Dr.Lee@Lakeside.example')).to.have.length(2);
      expect(await found.find('dr.ana@lakeside.example')).to.deep.equal([Buffer.from(clinic.certificate)]);
      expect(await found.find('dr@nowhere.example')).to.deep.equal([]);
    });

    it('is never left, whatever the address says', async () => {
      for (const address of ['../secret@x.example', 'a/../../secret@lakeside', 'x@../secret', 'x@secret', 'x@inner/../secret', '..\\secret@x', 'x@.', 'x@', '', 'secret', '\0@x.example', `${'a'.repeat(300)}@lakeside.example.${'b'.repeat(300)}`]) {
        expect(fileNamesFor(address).filter((name) => !/^([a-z0-9_+=.-]+@)?[a-z0-9.-]+\.[a-z0-9-]+\.pem$/.test(name) || name.includes('..')), address).to.deep.equal([]);
        expect(await folderSource(join(folder, 'inner')).find(address), address).to.deep.equal([]);
      }
    });

    it('says what is wrong with a file or the folder', async () => {
      expect(await codeOf(folderSource(folder).find('x@broken.example'))).to.equal('TRUST_INVALID');
      expect(await codeOf(folderSource(join(folder, 'missing')).find('x@y.example'))).to.equal('TRUST_INVALID');
    });
  });

  describe('a service', () => {
    let server: Server;
    let url: string;
    const asked: string[] = [];
    before((done) => {
      server = createServer((request, response) => {
        asked.push(request.url!);
        if (request.url!.includes('slow')) return;
        if (request.url!.includes('large')) response.end(Buffer.alloc(200_000, 'x'));
        else if (request.url!.includes('moved')) response.writeHead(302, { location: '/found' }).end();
        else if (request.url!.includes('none')) response.writeHead(404).end('none');
        else if (request.url!.includes('down')) response.writeHead(503).end();
        else response.end(practice.pem);
      }).listen(0, '127.0.0.1', () => {
        url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/certificates/{address}`;
        done();
      });
    });
    after(() => { server.closeAllConnections(); server.close(); });

    it('answers 200 with PEM or 404; the address is escaped', async () => {
      expect(await serviceSource(url).find('Dr+Lee/../x@good.example')).to.have.length(1);
      expect(asked.at(-1)).to.equal('/certificates/dr%2Blee%2F..%2Fx%40good.example');
      expect(await serviceSource(url).find('none@x.example')).to.deep.equal([]);
    });

    it('everything else is CERT_UNAVAILABLE: errors, redirects, too much, too slow, nobody there', async () => {
      const service = serviceSource(url, { timeoutMs: 200 });
      for (const local of ['down', 'moved', 'large', 'slow']) expect(await codeOf(service.find(`${local}@x.example`)), local).to.equal('CERT_UNAVAILABLE');
      expect(await codeOf(serviceSource('http://127.0.0.1:1/{address}').find('a@x.example'))).to.equal('CERT_UNAVAILABLE');
    });
  });

  it('the first that has any decides, and later ones are not asked', async () => {
    const [empty, first, second] = [source(), source(clinic.certificate), source(practice.certificate)];
    expect(await firstOf([empty, first, second]).find('a@x.example')).to.deep.equal([clinic.certificate]);
    expect([empty.asked, first.asked, second.asked]).to.deep.equal([1, 1, 0]);
    expect(await firstOf([]).find('a@x.example')).to.deep.equal([]);
  });

  it('the cache answers for a while, once for questions at the same time, and never remembers nothing or a fault', async () => {
    let now = 0;
    const full = source(clinic.certificate);
    const remembered = cached(full, { ttlMs: 100, now: () => now });
    await Promise.all([remembered.find('a@x.example'), remembered.find('A@x.example')]);
    expect(full.asked).to.equal(1);
    now = 100;
    await remembered.find('a@x.example');
    expect(full.asked).to.equal(2);
    const empty = source();
    const none = cached(empty, { ttlMs: 100, now: () => now });
    await none.find('a@x.example');
    await none.find('a@x.example');
    expect(empty.asked).to.equal(2);
    let faults = 0;
    const failing = cached({ find: async () => { faults += 1; throw new Error('down'); } }, { ttlMs: 100, now: () => now });
    expect([await codeOf(failing.find('a')), await codeOf(failing.find('a')), faults]).to.deep.equal(['Error: down', 'Error: down', 2]);
  });

  it('a trust store reads anchors from text and file; none is TRUST_INVALID', async () => {
    const settings = { anchors: '', anchorsFile: '', certificateFolder: '', certificateService: '', base: folder };
    expect(await trustStore({ ...settings, anchors: clinic.pem, anchorsFile: 'anchors.pem' }).anchors()).to.have.length(2);
    expect(await codeOf(trustStore(settings).anchors())).to.equal('TRUST_INVALID');
    expect(await codeOf(trustStore({ ...settings, anchorsFile: 'missing.pem' }).anchors())).to.equal('TRUST_INVALID');
    expect(await trustStore({ ...settings, certificateFolder: '.' }).source.find('x@lakeside.example')).to.have.length(2);
    expect(await trustStore(settings).source.find('x@lakeside.example')).to.deep.equal([]);
  });
});
