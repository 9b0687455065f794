// What is typed into the form of each node and config node, and what must be deployed in the end.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { makeAuthority, makeCertificate } from '../support/pki.ts';
import { CLINIC, NPI, OTHER_CLINIC } from '../support/samples.ts';

export interface ConfigTyping {
  /** The node and its property from whose form the config node is added. */
  from: { type: string; property: string };
  type: string;
  fill: (page: Page) => Promise<void>;
  /** Properties of the deployed config node. */
  deployed: Record<string, unknown>;
}

const field = (name: string): string => `#node-config-input-${name}`;
const row = (list: string, index: number): string => `${field(`${list}-list`)} > li:nth-child(${index + 1})`;

const add = async (page: Page, list: string): Promise<void> =>
  await page.locator('.red-ui-editableList', { has: page.locator(field(`${list}-list`)) }).locator('.red-ui-editableList-addButton').click();

const CSV = `clientGuid,site,name,npi,phone,sender,policy,price,currency,street1,city,state,postalCode
${CLINIC},,Lakeside (browser),${NPI.organization},555-555-0100,results@direct.courier.example,union,0.25,USD,1 Test St,Testville,FL,32501
${CLINIC},SITE02,,,,,,0.30,USD,,,,
${OTHER_CLINIC},,Hillview (browser),,,,,,,,,,
`;

const ORGANIZATIONS = [
  {
    clientGuid: CLINIC, name: 'Lakeside (browser)', npi: NPI.organization, phone: '555-555-0100', sender: 'results@direct.courier.example',
    policy: 'union', price: '0.25', currency: 'USD', address: { street: ['1 Test St'], city: 'Testville', state: 'FL', postalCode: '32501' },
    sites: { SITE02: { price: '0.30', currency: 'USD' } }, preliminary: 'true', deadlineUrgent: '20',
    recipientDomains: [{ domain: '*.hisp.example', maxMegabytes: 10 }],
  },
  { clientGuid: OTHER_CLINIC, name: 'Hillview (browser)', phone: '555-555-0199' },
];

const fillOrganizations = async (page: Page): Promise<void> => {
  const imported = async (text: string): Promise<void> => {
    await page.fill(field('exchange'), text);
    await page.click(field('import'));
  };
  await imported(CSV.replace('0.25', '0.20'));
  await page.waitForSelector(row('organizations', 1));
  // A list that is there already is replaced only when what would change was shown.
  await imported(CSV);
  await page.waitForFunction((answer) => document.querySelector(answer)?.textContent?.includes('0.20 USD \u2192 0.25 USD'), field('exchange-answer'));
  await page.click(field('import'));
  await page.waitForFunction((answer) => document.querySelector(answer)?.textContent?.startsWith('The list is replaced'), field('exchange-answer'));
  const first = page.locator(row('organizations', 0));
  await first.getByLabel('Preliminary results').selectOption('true');
  await first.getByLabel('Urgent (min)').fill('20');
  await first.getByLabel('Recipient domains of its own').fill(JSON.stringify([{ domain: '*.hisp.example', maxMegabytes: 10 }], null, 1));
  await add(page, 'recipientDomains');
  const rule = page.locator(row('recipientDomains', 0));
  await rule.getByLabel('domain').fill('silent.example');
  await rule.getByLabel('Final delivery').selectOption('false');
  await page.locator(row('organizations', 1)).getByLabel('Phone', { exact: true }).fill('555-555-0199');
};

const fillRoutes = async (page: Page): Promise<void> => {
  await add(page, 'rows');
  const first = page.locator(row('rows', 0));
  await first.getByLabel('Level').selectOption('site');
  await first.getByLabel('ClientGuid').fill(CLINIC);
  await first.getByLabel('Site LocalId').fill('SITE02');
  await first.getByLabel('Direct address').fill('desk@good.lakeside.sim.example');
  await first.getByLabel('final delivery').selectOption('false');
  await first.getByLabel('deadline').fill('7.5');
  await add(page, 'rows');
  await page.locator(row('rows', 1)).getByLabel('Level').selectOption('order');
  await page.locator(row('rows', 1)).getByLabel('ClientGuid').fill(CLINIC);
  await page.locator(row('rows', 1)).getByLabel('on', { exact: true }).uncheck();
  await add(page, 'trustedDomains');
  await page.locator(`${row('trustedDomains', 0)} input`).fill('good.lakeside.sim.example');
  await page.fill(field('freeMailDomains'), 'mail.example');
};

const fillDirectory = async (page: Page): Promise<void> => {
  await page.fill(field('exchange'), `npi,address,name,status\n${NPI.pcp},dr.care@good.riverside.sim.example,"Care, Pria",active\n`);
  await page.click(field('import'));
  await page.waitForSelector(row('rows', 0));
  await add(page, 'rows');
  const second = page.locator(row('rows', 1));
  await second.getByLabel('NPI').fill(NPI.grader);
  await second.getByLabel('Direct address').fill('dr.gone@good.oldtown.sim.example');
  await second.getByLabel('Status').selectOption('deactivated');
};

const fillAccount = async (page: Page): Promise<void> => {
  await page.fill(field('host'), '127.0.0.1');
  await page.selectOption(field('security'), 'implicit');
  await page.fill(field('user'), 'courier');
  await page.fill(field('password'), 'a password for the browser test');
  await page.check(field('anyFrom'));
  await page.selectOption(field('sealing'), 'hisp');
  await page.fill(field('imapHost'), 'mail.hisp.example');
  await page.selectOption(field('imapSecurity'), 'starttls');
  await page.check(field('simulated'));
  await page.fill(field('deadline'), '1800');
  await page.fill(field('deadlineEmergent'), '300');
};

/** `folder`: where the files that are uploaded are written. */
export const configTypings = (folder: string): ConfigTyping[] => {
  const authority = makeAuthority('Browser test anchor');
  const { pem, keyPem } = makeCertificate({ authority, name: 'courier', dns: 'direct.courier.example' });
  const [certificate, key] = [join(folder, 'courier.pem'), join(folder, 'courier.key')];
  writeFileSync(certificate, pem);
  writeFileSync(key, keyPem);

  const fillIdentity = async (page: Page): Promise<void> => {
    await page.selectOption(field('format'), 'pem');
    for (const [name, file] of Object.entries({ certificate, key })) {
      await page.setInputFiles(`#direct-identity-file-${name}`, file);
      // The page reads the file in its own time.
      await page.waitForFunction((id) => (globalThis as unknown as { $: (selector: string) => { val(): string } }).$(id).val() !== '', field(name));
    }
  };

  return [
    { from: { type: 'direct-order-in', property: 'journal' }, type: 'direct-journal',
      fill: async (page) => await page.fill(field('file'), 'browser/journal.sqlite'), deployed: { file: 'browser/journal.sqlite' } },
    { from: { type: 'direct-order-in', property: 'organizations' }, type: 'direct-organizations', fill: fillOrganizations,
      deployed: { organizations: ORGANIZATIONS, recipientDomains: [{ domain: 'silent.example', finalDelivery: 'false' }] } },
    { from: { type: 'direct-resolve-route', property: 'table' }, type: 'direct-route-table', fill: fillRoutes, deployed: {
      rows: [
        { level: 'site', organization: CLINIC, site: 'SITE02', address: 'desk@good.lakeside.sim.example', finalDelivery: 'false', deadline: '7.5',
          enabled: true },
        { level: 'order', organization: CLINIC, site: '', address: '', finalDelivery: '', deadline: '', enabled: false },
      ],
      trustedDomains: ['good.lakeside.sim.example'], freeMailDomains: 'mail.example',
    } },
    { from: { type: 'direct-lookup-npi', property: 'directory' }, type: 'direct-directory', fill: fillDirectory, deployed: { rows: [
      { npi: NPI.pcp, address: 'dr.care@good.riverside.sim.example', name: 'Care, Pria', status: 'active' },
      { npi: NPI.grader, address: 'dr.gone@good.oldtown.sim.example', name: '', status: 'deactivated' },
    ] } },
    { from: { type: 'direct-seal-mail', property: 'identity' }, type: 'direct-identity', fill: fillIdentity, deployed: { format: 'pem' } },
    { from: { type: 'direct-seal-mail', property: 'trust' }, type: 'direct-trust',
      fill: async (page) => await page.fill(field('anchors'), authority.pem), deployed: { anchors: authority.pem } },
    { from: { type: 'direct-hisp-send', property: 'account' }, type: 'direct-hisp-account', fill: fillAccount,
      deployed: {
        host: '127.0.0.1', port: '465', security: 'implicit', anyFrom: true, deadline: '1800', deadlineUrgent: '', deadlineEmergent: '300',
        sealing: 'hisp', imapHost: 'mail.hisp.example', imapPort: '', imapSecurity: 'starttls', simulated: true,
      } },
  ];
};

/** Nodes in the order of the data, with the properties for which an earlier added config node is chosen. */
export const STAGES: { type: string; choose: Record<string, string>; fill?: Record<string, string> }[] = [
  { type: 'direct-order-in', choose: {} },
  { type: 'direct-resolve-route', choose: {} },
  { type: 'direct-lookup-npi', choose: {} },
  { type: 'direct-render-pdf', choose: {} },
  { type: 'direct-build-cda', choose: {} },
  { type: 'direct-seal-mail', choose: {} },
  { type: 'direct-hisp-send', choose: { journal: 'direct-journal' } },
  { type: 'direct-hisp-receive', choose: { journal: 'direct-journal', identity: 'direct-identity', trust: 'direct-trust' } },
  { type: 'direct-fee-meter', choose: { journal: 'direct-journal', organizations: 'direct-organizations' }, fill: { price: '0.40' } },
];
