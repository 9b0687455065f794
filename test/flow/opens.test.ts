import { expect } from 'chai';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { XmlDocument } from 'libxml2-wasm';
import { extractText, getDocumentProxy } from 'unpdf';
import { contentType, decodedBody, parseEntity, partsOf } from '../../nodes/mail/mime.ts';
import { courier, type DemoDelivery, type DemoRun, removeTemporaryFolders, runDemo, temporaryFolder } from '../support/demo.ts';
import { CLINIC, inputPair } from '../support/samples.ts';

const HAS_OPENSSL = spawnSync('openssl', ['version']).status === 0;
const NS = { h: 'urn:hl7-org:v3', s: 'urn:hl7-org:sdtc' };

const openssl = (args: string[], input: Buffer): Buffer => execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'ignore'], maxBuffer: 1 << 28 });

/** decrypt, then verify: the way a stranger would open the mail. */
const opened = (run: DemoRun, delivery: DemoDelivery): { content: Buffer; signer: Buffer } => {
  const pki = join(run.out, 'pki');
  const domain = delivery.recipient.split('@')[1]!;
  const clear = openssl(['cms', '-decrypt', '-recip', join(pki, `${domain}.pem`), '-inkey', join(pki, `${domain}.key`)], readFileSync(join(delivery.folder, 'mail.eml')));
  const signer = join(temporaryFolder(), 'signer.pem');
  return { content: openssl(['cms', '-verify', '-CAfile', join(pki, 'ca.pem'), '-purpose', 'any', '-signer', signer], clear), signer: readFileSync(signer) };
};

const innerParts = (content: Buffer) => {
  const wrapped = parseEntity(content);
  expect(contentType(wrapped).type).to.equal('message/rfc822');
  const message = parseEntity(decodedBody(wrapped));
  return { message, parts: partsOf(message) };
};

const xpath = (document: XmlDocument, path: string): string | undefined => {
  const found = document.get(path, NS);
  return found === null ? undefined : (found as { value?: string; content?: string }).value ?? (found as { content: string }).content;
};

const pdfOf = (document: XmlDocument): Buffer => Buffer.from(xpath(document, '//h:nonXMLBody/h:text')!, 'base64');

const FULL = { Patient: { Phone: '(555) 555-0142', MaritalStatus: 'M', Race: '2106-3', Ethnicity: '2148-5', PrimaryLanguage: 'es-US' } };
const NOTHING = { Patient: { Phone: undefined, MaritalStatus: undefined, Race: undefined, Ethnicity: undefined, PrimaryLanguage: undefined, Address: undefined, DxCode: undefined } };

const INPUTS = {
  ...inputPair(1, { address: 'full@good.lakeside.sim.example', order: FULL }),
  ...inputPair(2, { address: 'bare@processed.lakeside.sim.example', order: NOTHING }),
  ...inputPair(3, { address: 'later@greylist.lakeside.sim.example' }),
  ...inputPair(4, { address: 'left@refuse.lakeside.sim.example' }),
};
const ROUTE = `level,organization,site,address,final_delivery,enabled\norder,${CLINIC},,,,\n`;

describe('what a stranger finds in the mails (needs openssl)', function () {
  this.timeout(120_000);
  let run: DemoRun;
  let again: DemoRun;
  const of = (n: number, from = run): DemoDelivery => from.deliveries.find(({ orderLocalId }) => orderLocalId === `ORD${n}`)!;
  const documentOf = (n: number, from = run): XmlDocument => {
    const cda = innerParts(opened(from, of(n, from)).content).parts.find((part) => contentType(part).type === 'text/xml')!;
    return XmlDocument.fromBuffer(decodedBody(cda));
  };

  before(async function () {
    if (!HAS_OPENSSL) this.skip();
    [run, again] = await Promise.all([
      runDemo({ inputs: INPUTS, route: ROUTE, env: { TZ: 'Pacific/Kiritimati' }, options: ['--deadline', '5'] }),
      runDemo({ inputs: INPUTS, route: ROUTE, env: { TZ: 'America/Los_Angeles' }, options: ['--patient-id', 'mrn', '--deadline', '5'] }),
    ]);
  });
  after(removeTemporaryFolders);

  it('decrypts with the recipient\'s key, verifies against the authority, and was signed by the sender', () => {
    const sender = readFileSync(join(run.out, 'pki', 'sender.pem'), 'utf8').replace(/\s/g, '');
    for (const n of [1, 2, 3, 4]) expect(sender).to.include(opened(run, of(n)).signer.toString().replace(/\s|-----[A-Z ]+-----/g, '').slice(40, 400));
  });

  it('is a whole wrapped message, and the outside says nothing of its subject', () => {
    const { message } = innerParts(opened(run, of(1)).content);
    const header = (name: string) => message.headers.find((field) => field.name.toLowerCase() === name)?.value.trim();
    expect(header('message-id')).to.equal(of(1).messageId);
    expect(header('subject')).to.equal('Exam result');
    expect(header('disposition-notification-options')).to.match(/X-DIRECT-FINAL-DESTINATION-DELIVERY=optional,true/);
    const outside = readFileSync(join(of(1).folder, 'mail.eml'), 'latin1').split('\r\n\r\n')[0]!;
    expect(outside).to.not.match(/^subject:/im);
    expect(outside).to.not.match(/Testpatient|MRN1|ORD1/);
  });

  it('holds a text that names organization and contact but no patient', () => {
    const { parts } = innerParts(opened(run, of(1)).content);
    const text = decodedBody(parts.find((part) => contentType(part).type === 'text/plain')!).toString('utf8');
    expect(text).to.include('Synthetic Organization').and.include('555-555-0100');
    expect(text).to.not.match(/Testpatient|MRN|ORD1|1960/);
  });

  for (const n of [1, 2, 3]) {
    it(`mail ${n} carries a document whose PDF shows the patient's name, both eyes and the grader`, async () => {
      const pdf = pdfOf(documentOf(n));
      const { text } = await extractText(await getDocumentProxy(new Uint8Array(pdf)), { mergePages: true });
      for (const wanted of ['Zoë', 'Testpatient', 'Diabetic Retinopathy', 'Mild', 'Image Out of Focus', 'Grader']) expect(text).to.include(wanted);
      expect(readFileSync(join(of(n).folder, 'report.pdf')).equals(pdf)).to.equal(true);
    });
  }

  it('gives back every demographic that the order supplied', () => {
    const document = documentOf(1);
    const patient = '//h:recordTarget/h:patientRole';
    expect({
      family: xpath(document, `${patient}/h:patient/h:name/h:family`), given: xpath(document, `${patient}/h:patient/h:name/h:given`),
      birth: xpath(document, `${patient}/h:patient/h:birthTime/@value`), gender: xpath(document, `${patient}/h:patient/h:administrativeGenderCode/@code`),
      marital: xpath(document, `${patient}/h:patient/h:maritalStatusCode/@code`), race: xpath(document, `${patient}/h:patient/h:raceCode/@code`),
      ethnic: xpath(document, `${patient}/h:patient/h:ethnicGroupCode/@code`), detail: xpath(document, `${patient}/h:patient/s:ethnicGroupCode/@code`),
      language: xpath(document, `${patient}/h:patient/h:languageCommunication/h:languageCode/@code`),
      phone: xpath(document, `${patient}/h:telecom/@value`), street: xpath(document, `${patient}/h:addr/h:streetAddressLine[1]`),
      city: xpath(document, `${patient}/h:addr/h:city`), state: xpath(document, `${patient}/h:addr/h:state`), zip: xpath(document, `${patient}/h:addr/h:postalCode`),
    }).to.deep.equal({
      family: 'Testpatient', given: 'Zoë', birth: '19600115', gender: 'F', marital: 'M', race: '2106-3', ethnic: '2135-2', detail: '2148-5', language: 'es',
      phone: 'tel:+1-555-555-0142', street: '1 Test St', city: 'Testville', state: 'FL', zip: '32501',
    });
  });

  it('says null or nothing where the order supplied nothing', () => {
    const document = documentOf(2);
    const patient = '//h:recordTarget/h:patientRole';
    for (const path of ['h:addr', 'h:telecom', 'h:patient/h:raceCode', 'h:patient/h:ethnicGroupCode']) {
      expect(xpath(document, `${patient}/${path}/@nullFlavor`), path).to.equal('UNK');
    }
    for (const path of ['h:patient/h:maritalStatusCode', 'h:patient/h:languageCommunication']) expect(document.get(`${patient}/${path}`, NS), path).to.equal(null);
  });

  it('keeps the birth date whatever the machine\'s time zone', () => {
    for (const from of [run, again]) expect(xpath(documentOf(1, from), '//h:birthTime/@value')).to.equal('19600115');
  });

  it('has no patientRole/id by default and says so as a warning; the record number when asked', () => {
    expect(documentOf(1).get('//h:recordTarget/h:patientRole/h:id', NS)).to.equal(null);
    expect(of(1).warnings).to.include('CDA_NO_PATIENT_ID');
    expect(xpath(documentOf(1, again), '//h:recordTarget/h:patientRole/h:id/@extension')).to.equal('MRN1');
    expect(of(1, again).warnings).to.not.include('CDA_NO_PATIENT_ID');
  });

  it('a greylisted mail went out at the second attempt; a refused one is kept as it would have gone', () => {
    expect(of(3)).to.include({ state: 'DELIVERED', attempts: 2 });
    expect(of(3).fee?.amount).to.equal('0.25');
    expect(of(4)).to.include({ state: 'FAILED', code: 'HISP_REFUSED', fee: null });
  });

  it('opens with our own command too, and a changed mail does not', async () => {
    const delivery = of(1);
    const pki = join(run.out, 'pki');
    const key = join(pki, 'good.lakeside.sim.example.key');
    const mail = join(delivery.folder, 'mail.eml');
    const folder = temporaryFolder();
    const good = await courier(['open', mail, '--recipient', key, '--anchors', join(pki, 'ca.pem'), '--out', join(folder, 'parts'), '--json']);
    expect(good.exit, good.stderr).to.equal(0);
    const answer = JSON.parse(good.stdout) as { verdict: string; parts: { contentType: string }[] };
    expect(answer.verdict).to.equal('accept');
    expect(answer.parts.map((part) => part.contentType)).to.deep.equal(['text/plain', 'text/xml']);
    const bytes = readFileSync(mail);
    bytes.write(bytes[bytes.length - 4000] === 65 ? 'B' : 'A', bytes.length - 4000);
    writeFileSync(join(folder, 'changed.eml'), bytes);
    const bad = await courier(['open', join(folder, 'changed.eml'), '--recipient', key, '--anchors', join(pki, 'ca.pem'), '--out', join(folder, 'nothing'), '--json']);
    expect(bad.exit).to.equal(2);
    expect((JSON.parse(bad.stdout) as { verdict: string }).verdict).to.equal('reject');
    expect(existsSync(join(folder, 'nothing'))).to.equal(false);
  });
});
